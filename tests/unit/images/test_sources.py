from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import ImageError, InputError
from crosslight.images import open_images


def test_a_single_image(photos):
    (record,) = open_images(photos / "dog/a.jpg")
    assert (record.name, record.label) == ("a.jpg", None)
    (photos / "photo").write_bytes((photos / "dog/a.jpg").read_bytes())
    assert len(open_images(photos / "photo")) == 1


def test_relative_paths_start_from_base(photos, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert len(open_images("photos", base=photos.parent)) == 5
    assert open_images("photos", base=photos.parent).source == "photos"
    assert len(open_images(["photos/dog/a.jpg"], base=photos.parent)) == 1


def test_a_list_of_files(photos):
    files = [photos / "dog/a.jpg", str(photos / "cat/img1.png"), photos / "dog/a.jpg"]
    images = open_images(files)
    assert [r.name for r in images] == ["dog/a.jpg", "cat/img1.png", "dog/a.jpg"]
    assert images[2].identity == images[0].identity + "-2"
    assert images.classes == ()


def test_a_pattern(photos):
    assert [r.name for r in open_images(f"{photos}/cat/img1*.png")] == ["img1.png", "img10.png"]
    with pytest.raises(InputError, match="no image fits"):
        open_images(f"{photos}/*.tif")


def test_pictures_in_memory(noise):
    picture = noise()
    array = np.asarray(picture)
    images = open_images([picture, array, array / 255.0, array[..., 0], array.astype(np.uint16) * 257])
    assert [r.name for r in images] == [f"picture-{i}" for i in range(5)]
    for record in (images[0], images[1], images[2], images[4]):
        assert record.load().tobytes() == picture.tobytes()
    assert images[3].load().tobytes() == Image.fromarray(array[..., 0]).convert("RGB").tobytes()
    assert images[1].identity == images[0].identity + "-2"
    assert images[3].identity[:16] != images[0].identity
    for one in (picture, array, array[None], [array]):
        assert open_images(one).identities == (images[0].identity,)
    with pytest.raises(ImageError, match="too small"):
        open_images([np.zeros((2, 2), np.uint8)])[0].load()


@pytest.mark.parametrize(
    "value", [np.zeros((3, 20, 20)), np.full((9, 9), 2.0), np.zeros(5), object(), np.zeros((9, 9), bool)]
)
def test_what_is_no_picture_is_refused(value):
    with pytest.raises(InputError, match="image 0"):
        open_images([value])


def test_nearest_names_are_given(photos):
    with pytest.raises(InputError, match=r"no such file or folder; did you mean 'photos'\?"):
        open_images(photos.parent / "photo")
    with pytest.raises(InputError, match=r"no folder 'dgo' in photos; did you mean 'dog'\?"):
        open_images(photos / "dgo/a.jpg")
    with pytest.raises(InputError, match=r"did you mean 'a\.jpg'"):
        open_images([photos / "dog/a.jpeg", photos / "cat/img1.png"])
    with pytest.raises(InputError, match="list of images is empty"):
        open_images([])
    (photos / "study.toml").write_text("[study]\n")
    with pytest.raises(InputError, match="none of them"):
        open_images(photos / "study.toml")


def test_profiles_can_be_ignored(tmp_path, noise, encode):
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = lab.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    (tmp_path / "a.png").write_bytes(encode(noise(), icc_profile=swapped))
    assert open_images(tmp_path, profiles=False)[0].load().tobytes() == noise().tobytes()
    assert open_images(tmp_path)[0].load().tobytes() != noise().tobytes()


def test_real_photographs(shared_data):
    folder = open_images(shared_data / "imagenet-sample")
    listed = open_images(shared_data / "imagenet-sample/index.csv")
    assert len(folder) == len(listed) == 60
    assert {r.identity for r in folder} == {r.identity for r in listed}
    assert folder.classes == ()
    assert listed.classes[0] == "n01440764"
    assert {r.name: r.identity for r in listed.subset(10)} == {
        r.name: r.identity for r in open_images(shared_data / "imagenet-sample", limit=10)
    }
    for record in listed:
        assert record.load().mode == "RGB"

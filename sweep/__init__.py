"""Whether Crosslight finds its way in every image classifier of timm, torchvision and transformers."""

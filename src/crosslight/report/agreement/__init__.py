"""Agreement on the page: what is said, drawn and listed of each method and of all of them."""

from .overview import Overview, overview
from .panel import Panel
from .plain import analyses_of, plain_analysis
from .written import write_panels

__all__ = ["Overview", "Panel", "analyses_of", "overview", "plain_analysis", "write_panels"]

"""mitmproxy warns about its own libraries when it is imported: let it, once, before warnings are errors."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import proxy_addon.run  # noqa: F401  # for the sake of importing it here

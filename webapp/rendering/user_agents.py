"""What a browser calls itself, in two words that its user recognizes. Only to be shown."""

BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "HeadlessChrome/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
"""In this order: most browsers name others, too, to be taken for them."""
PROGRAM_MAX_CHARS = 40


def short_name(user_agent: str) -> str:
    """Such as `Firefox on Linux`; of a program, its own name."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    if not browser:
        return user_agent[:PROGRAM_MAX_CHARS] or "Unknown browser"
    return f"{browser} on {system}" if system else browser

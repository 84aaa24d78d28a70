"""What all tests need."""

# Imported now: its plugin would do so in the middle of a Playwright test, whose greenlet has its
# own recursion depth, and CPython 3.11 refuses to compile the assertions of a module there.
import hypothesis

# No test fails because a machine is busy.
hypothesis.settings.register_profile("heyho", deadline=None)
hypothesis.settings.load_profile("heyho")

"""What these tests assert outside of their own modules tells what it found, too."""

import pytest

pytest.register_assert_rewrite("fault.audit", "fault.life", "fault.scenario")

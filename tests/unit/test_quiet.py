"""An SDK that works for us logs nothing; one that works for somebody else logs as ever."""

import logging
import threading

import pytest

from ocibroker.quiet import hush, quietly


def test_what_is_logged_because_of_the_work_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("quiet_sdk.wire")
    quietly(lambda: logger.critical("c4n4ry"), "quiet_sdk")
    assert "c4n4ry" not in caplog.text


def test_what_others_log_at_the_same_time_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("quiet_sdk.wire")

    def work() -> None:
        other = threading.Thread(target=logger.warning, args=("somebody else's",))
        other.start()
        other.join()

    quietly(work, "quiet_sdk")
    logger.warning("afterwards")
    assert "somebody else's" in caplog.text
    assert "afterwards" in caplog.text


def test_a_logger_that_an_import_makes_is_hushed_by_the_work(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def work() -> None:
        logger = logging.getLogger("quiet_sdk.late")
        hush("quiet_sdk")
        logger.error("c4n4ry")

    quietly(work, "quiet_sdk")
    assert "c4n4ry" not in caplog.text


def test_packages_are_told_apart_by_their_whole_name(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("quiet_sdk_of_another")
    quietly(lambda: logger.warning("heard"), "quiet_sdk")
    assert "heard" in caplog.text

"""Locks that outlive nobody: who may stop a gateway."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from subak.adoption.lease import Lease
from subak.errors import StoreFailed


def _gateway(lease: Lease) -> subprocess.Popen[bytes]:
    lock = lease.gateway_lock()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fileno(),))
    lease.started(lock, child.pid)
    return child


def test_the_last_user_stops_it(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "new" / "folder")
    with _gateway(lease) as child:
        with lease.using(10):
            with lease.using(10):
                pass
            assert child.poll() is None
        assert child.wait() == -15


def test_a_gateway_of_nobodys_run_is_not_stopped(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        # A process id left behind by a gateway that is gone, and now somebody else's.
        (tmp_path / "run.gateway").write_text(str(child.pid))
        with lease.using(10):
            pass
        assert child.poll() is None
        child.communicate(b"\n")


def test_a_gateway_that_takes_its_time_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    lock = lease.gateway_lock()
    code = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(lock.fileno(),)
    ) as child:
        lease.started(lock, child.pid)
        assert child.stdout is not None
        child.stdout.readline()
        with lease.using(0.1):
            pass
        assert child.poll() is None
        child.kill()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed, match="cannot write"), Lease(tmp_path / "file").deciding():
        pass

"""Builds the shim that makes allocations and writes fail in a real server, and steers it while the server runs."""
import atexit
import mmap
import os
import shutil
import struct
import subprocess
import tempfile

FIELDS = ("allocations", "writes", "allocation_from", "allocation_until", "write_from", "write_until", "write_errno", "clock_offset",
          "failed")
_built = None


def library():
    global _built
    if not _built:
        folder = tempfile.mkdtemp(prefix="mandate-shim-")
        atexit.register(shutil.rmtree, folder, True)
        _built = os.path.join(folder, "shim.so")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", _built, os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim.c"),
                        "-ldl"], check=True)
    return _built


class Shim:
    """`environment` makes a server do what is set here, such as shim.fail_allocation(3)."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="mandate-shim-")
        self.file.write(bytes(8 * len(FIELDS)))
        self.file.flush()
        self.map = mmap.mmap(self.file.fileno(), 8 * len(FIELDS))
        self.quiet()
        # a sanitizer must come first in the list of libraries, unless told not to insist; what fails here is meant to
        options = os.environ.get("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
        leaks = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaks.supp")
        self.environment = {"LD_PRELOAD": library(), "LSAN_OPTIONS": f"suppressions={leaks}:print_suppressions=0", "MANDATE_TEST_SHIM": self.file.name,
                            "ASAN_OPTIONS": options + ":verify_asan_link_order=0:allocator_may_return_null=1:handle_abort=1"}

    def __getitem__(self, name):
        return struct.unpack_from("q", self.map, 8 * FIELDS.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("q", self.map, 8 * FIELDS.index(name), value)

    def quiet(self):
        self["allocation_until"] = self["write_until"] = 0

    def _fail(self, what, number, repeat):
        self.quiet()
        first = self[what + "s"] + number
        self[what + "_from"], self[what + "_until"] = first, first + repeat

    def fail_allocation(self, number, repeat=1):
        """The next but `number` fails, and `repeat` - 1 after it."""
        self._fail("allocation", number, repeat)

    def fail_write(self, number, errno, repeat=1):
        self["write_errno"] = errno
        self._fail("write", number, repeat)

    def close(self):
        self.map.close()
        self.file.close()

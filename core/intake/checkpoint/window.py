"""The bytes of one pickle in a mapped file."""

import mmap

from core.checkpoint_codes import rejected

MAX_PICKLE = 64 * 2**20  # bytes of a pickle, without its tensors
MAX_LINE = 1024  # bytes of the name of a function or class


class Window:
    """The bytes of one pickle in a file, as a stream; `at` is where it stands."""

    def __init__(self, data: mmap.mmap, at: int, end: int) -> None:
        self._data, self.at, self._end = data, at, min(end, at + MAX_PICKLE)
        self._too_long = end > self._end

    def read(self, count: int) -> bytes:
        if self.at + count > self._end and self._too_long:
            raise rejected("checkpoint_too_expensive", f"It holds more than {MAX_PICKLE:,} bytes beside its tensors.")
        piece = self._data[self.at : min(self.at + count, self._end)]
        self.at += len(piece)
        return piece

    def readline(self) -> bytes:
        stop = min(self.at + MAX_LINE, self._end)
        line_end = self._data.find(b"\n", self.at, stop)
        return self.read((stop if line_end < 0 else line_end + 1) - self.at)

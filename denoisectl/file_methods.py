"""What a `Denoiser` does with files: the runs of the command line, as methods."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from denoisectl.choices import BitDepth, FormatName, IfExistsName, OnCollision
from denoisectl.errors import UsageError

if TYPE_CHECKING:
    from denoisectl.batch.process import Digested
    from denoisectl.batch.result import FileResult


class FileMethods:
    """Methods over files, for whatever maps images to images and has a digest."""

    def file(
        self: Digested,
        source: str | Path,
        target: str | Path,
        *,
        strength: float = 1.0,
        luma: float = 1.0,
        chroma: float = 1.0,
        quality: int | None = None,
        bit_depth: BitDepth | None = None,
        max_pixels: int | None = None,
        if_exists: IfExistsName = "error",
    ) -> FileResult:
        """Denoise one image file, as `denoisectl run SOURCE --out TARGET` does.

        Args:
            source: the image; depth, alpha, orientation, EXIF, ICC and XMP survive.
            target: the result; its ending says its format. It appears whole or not at all.
            strength: as for `image`.
            luma: as for `image`.
            chroma: as for `image`.
            quality: of JPEG and WebP, 1 to 100; None stays near the source's.
            bit_depth: 8 or 16 bits a sample; None keeps the source's as far as the format holds it.
            max_pixels: the largest image that is opened, a guard against decompression bombs; None for 500
                million, 0 for any.
            if_exists: what to do if `target` is there; "error" refuses.

        Returns:
            What became of it: status, size, times, what the format could not hold.

        Raises:
            ImageError: the image cannot be read, denoised or written.
            UsageError: no such file, or a target that exists, is the source or cannot be written.
        """
        from denoisectl.batch.library import denoise_file
        from denoisectl.batch.settings import Settings

        settings = Settings(
            strength, luma, chroma, quality=quality, bit_depth=bit_depth, max_pixels=max_pixels
        )
        return denoise_file(self, source, target, settings=settings, if_exists=if_exists)

    def folder(
        self: Digested,
        folder: str | Path,
        out: str | Path,
        *,
        recursive: bool = False,
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        strength: float = 1.0,
        luma: float = 1.0,
        chroma: float = 1.0,
        format: FormatName | None = None,
        quality: int | None = None,
        bit_depth: BitDepth | None = None,
        max_pixels: int | None = None,
        if_exists: IfExistsName = "skip",
        on_collision: OnCollision = "error",
    ) -> Generator[FileResult, None, None]:
        """Denoise the photos in a folder, as `denoisectl run FOLDER --out OUT` does.

        The plan is made, and refused if it has to be, before this returns. The work is done while results
        are taken; closing what is returned (`contextlib.closing`) stops it at once, and the same call goes on
        from there.

        Args:
            folder: where the photos are.
            out: where the results go; it keeps a journal of what was made from what.
            recursive: enter subfolders; `out` mirrors the tree.
            include: only files that match one of these globs.
            exclude: no files that match one of these globs.
            strength: as for `image`.
            luma: as for `image`.
            chroma: as for `image`.
            format: of the results; None keeps each input's.
            quality: of JPEG and WebP, 1 to 100; None stays near the source's.
            bit_depth: 8 or 16 bits a sample; None keeps the source's as far as the format holds it.
            max_pixels: as for `file`; images that are larger fail.
            if_exists: "skip" makes an output again only if its input, the settings or the model changed.
            on_collision: "rename" tells outputs apart that want one name.

        Yields:
            What became of each file, in order; a bad file is a result, not an error.

        Raises:
            UsageError: nothing to denoise, outputs that collide or exist, or `out` cannot be written.
        """
        from denoisectl.batch.library import denoise_folder
        from denoisectl.batch.settings import Settings
        from denoisectl.images import Format

        kind = Format(format) if format else None
        if on_collision not in get_args(OnCollision):
            raise UsageError(f"on_collision {on_collision!r}: give one of {', '.join(get_args(OnCollision))}")
        settings = Settings(strength, luma, chroma, kind, quality, bit_depth, max_pixels=max_pixels)
        return denoise_folder(
            self,
            folder,
            out,
            recursive=recursive,
            include=include,
            exclude=exclude,
            settings=settings,
            if_exists=if_exists,
            rename=on_collision == "rename",
        )

    def in_place(
        self: Digested,
        folder: str | Path,
        backup: str | Path,
        *,
        recursive: bool = False,
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        strength: float = 1.0,
        luma: float = 1.0,
        chroma: float = 1.0,
        quality: int | None = None,
        bit_depth: BitDepth | None = None,
        max_pixels: int | None = None,
    ) -> Generator[FileResult, None, None]:
        """Put denoised photos in their own places, as `denoisectl run FOLDER --in-place --backup BACKUP` does.

        The plan is made, and refused if it has to be, before this returns; the work is done while results are
        taken, and closing what is returned stops it at once. Run again, it does what is not done yet; other
        settings begin at the originals.

        Args:
            folder: where the photos are.
            backup: where originals are kept: a suffix such as ".orig", or a folder, which mirrors the tree. A
                `Path` is always a folder.
            recursive: enter subfolders.
            include: only files that match one of these globs.
            exclude: no files that match one of these globs.
            strength: as for `image`; 0 brings originals back.
            luma: as for `image`.
            chroma: as for `image`.
            quality: of JPEG and WebP, 1 to 100; None stays near the source's.
            bit_depth: 8 or 16 bits a sample; None keeps the source's.
            max_pixels: as for `file`; images that are larger fail.

        Yields:
            What became of each file, in order; a bad file is a result, not an error.

        Raises:
            UsageError: nothing to denoise, or a backup that would stand among the inputs or cannot be written.
        """
        from denoisectl.batch.library import denoise_in_place
        from denoisectl.batch.settings import Settings

        return denoise_in_place(
            self,
            folder,
            backup,
            recursive=recursive,
            include=include,
            exclude=exclude,
            settings=Settings(
                strength,
                luma,
                chroma,
                quality=quality,
                bit_depth=bit_depth,
                max_pixels=max_pixels,
            ),
        )

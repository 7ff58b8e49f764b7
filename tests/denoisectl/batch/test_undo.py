"""`--strength 0 --in-place`: originals come back, and are photos like others from then on."""

from __future__ import annotations

from pathlib import Path

from denoisectl.batch.inputs import find
from denoisectl.batch.selection import Selection
from tests.denoisectl.batch.album import Album, status


def tidied_up(album: Album) -> None:
    """Delete the originals that are kept."""
    for path in album.before:
        Path(f"{path}.orig").unlink()


def told(album: Album) -> list[str]:
    """What a run into another folder says of these photos."""
    notices: list[str] = []
    list(find([str(album.folder)], Selection(recursive=True, exclude=("*.orig",)), notices.append))
    return notices


def test_photos_that_were_restored_are_denoised_again(album: Album) -> None:
    album.run()
    clean = album.contents()
    album.run(strength=0.0)
    tidied_up(album)
    assert status(album.run()) == {"a.png": "ok", "b.jpg": "ok"}
    assert album.contents() == clean, "results, with their originals beside them"
    assert {result.reason for result in album.run().values()} == {"already done"}


def test_what_is_restored_is_told(album: Album) -> None:
    album.run()
    assert {result.reason for result in album.run(strength=0.5).values()} == {""}
    assert album.run(strength=0.0)["a.png"].reason == f"restored from {album.a}.orig"


def test_only_photos_that_are_not_restored_are_told_of(album: Album) -> None:
    album.run()
    assert len(told(album)) == 2 and "were denoised in place" in told(album)[0]
    album.run(strength=0.0)
    assert told(album) == []
    album.run(root=album.b.parent)
    assert len(told(album)) == 1 and told(album)[0].startswith(str(album.b.parent))


def test_what_cannot_be_undone_says_so(album: Album) -> None:
    album.run()
    after = album.a.read_bytes()
    tidied_up(album)
    reasons = {result.reason for result in album.run(strength=0.0).values()}
    assert reasons == {"denoised with other settings, and no original is left"}
    assert {result.reason for result in album.run().values()} == {"already denoised; no original is left"}
    assert album.a.read_bytes() == after


def test_photos_that_were_never_denoised_stay_as_they_are(album: Album) -> None:
    before = album.a.stat()
    result = album.run(strength=0.0)["a.png"]
    assert result.status == "skipped" and "its own original" in result.reason
    album.b.write_bytes(album.before[album.b][:200])  # damaged ones are nothing that restoring could mend
    assert album.run(strength=0.0)["b.jpg"].status == "skipped"
    assert album.a.stat() == before and sorted(album.contents()) == ["a.png", "sub/b.jpg"]

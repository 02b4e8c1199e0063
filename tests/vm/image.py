"""Builds the virtual machine's kernel and first file system from Debian's kernel package, once, under .cache/vm."""

from __future__ import annotations

import fcntl
import hashlib
import lzma
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.programs import find_program

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache/vm"
_INIT = Path(__file__).with_name("init.sh")

# In this order; what each depends on is inserted before it.
_MODULES = ["virtio_pci", "9pnet_virtio", "9p", "vivid", "snd-aloop"]
_PARAMETERS = {
    "vivid": "n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0x0,0x0 multiplanar=1,1",
    "snd-aloop": "enable=1,1 index=0,1 id=MicOne,MicTwo pcm_substreams=1,1",
}


@dataclass(frozen=True)
class Image:
    """What QEMU boots."""

    kernel: Path
    initial_files: Path


def build_image() -> Image:
    """The image of the newest kernel that apt knows; made at the first call, which fetches about 70 MB."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        recipe = hashlib.sha256(_INIT.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
        made = sorted(CACHE.glob(f"image-{recipe}-*"))
        folder = made[-1] if made else _build(_newest_kernel_package(), recipe)
    return Image(folder / "vmlinuz", folder / "initial.gz")


def _run(command: list[str | Path], folder: Path | None = None) -> str:
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert result.returncode == 0, f"{command}: {result.stderr[-2000:]}"
    return result.stdout


def _newest_kernel_package() -> str:
    """The package that Debian's linux-image-amd64 stands for."""
    apt = find_program("apt-cache", "apt")
    lines = _run([apt, "depends", "--important", "linux-image-amd64"]).splitlines()
    names = [line.split()[-1] for line in lines if "Depends:" in line and "linux-image" in line]
    if not names:
        pytest.fail("apt knows no linux-image-amd64: the virtual machine needs Debian's kernel package", pytrace=False)
    return names[0]


def _build(package: str, recipe: str) -> Path:
    work = CACHE / "work"
    shutil.rmtree(work, ignore_errors=True)
    tree = work / "tree"
    tree.mkdir(parents=True)
    _run([find_program("apt-get", "apt"), "-q", "download", package], folder=work)
    [archive] = work.glob("*.deb")
    _run([find_program("dpkg-deb", "dpkg"), "-x", archive, tree])
    version = package.removeprefix("linux-image-")
    _run([find_program("depmod", "kmod"), "-b", tree, version])

    files = work / "initial"
    (files / "modules").mkdir(parents=True)
    (files / "bin").mkdir()
    shutil.copy(find_program("busybox", "busybox-static"), files / "bin/busybox")
    lines = [_copy_module(module, parameters, files) for module, parameters in _module_files(tree, version)]
    (files / "modules/order").write_text("".join(lines))
    shutil.copy(_INIT, files / "init")
    (files / "init").chmod(0o755)

    image = work / "image"
    image.mkdir()
    find_program("cpio", "cpio")
    _run(["sh", "-c", f"find . | cpio --quiet -o -H newc | gzip -1 > {image}/initial.gz"], folder=files)
    shutil.copy(tree / f"boot/vmlinuz-{version}", image / "vmlinuz")
    target = CACHE / f"image-{recipe}-{version}"
    image.rename(target)
    shutil.rmtree(work)
    return target


def _module_files(tree: Path, version: str) -> list[tuple[Path, str]]:
    """The .ko files to insert, in order, each with its parameters."""
    modprobe = find_program("modprobe", "kmod")
    found: dict[Path, str] = {}
    for name in _MODULES:
        said = _run([modprobe, "-d", tree, "-S", version, "--show-depends", name])
        paths = [Path(line.split()[1]) for line in said.splitlines() if line.startswith("insmod ")]
        for path in paths:
            found.setdefault(path, "")
        if paths:
            found[paths[-1]] = _PARAMETERS.get(name, "")
    return list(found.items())


def _copy_module(path: Path, parameters: str, files: Path) -> str:
    data = path.read_bytes()
    name = path.name
    if name.endswith(".xz"):
        name, data = name.removesuffix(".xz"), lzma.decompress(data)
    (files / "modules" / name).write_bytes(data)
    return f"{name} {parameters}\n"

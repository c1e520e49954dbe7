"""Anyone's firmware on simulated Arm cores: linked for its own chip, started by its own start-up, or at fault."""

import subprocess

import mcu_cases as cases
import pytest

from bench.errors import RnnbenchError
from bench.mcu import board
from bench.mcu.simulate import emulator, example, run_elf

pytestmark = pytest.mark.long
M3 = cases.TARGETS["m3"]


def built(folder, body=None, flash="0x00000000"):
    """The example for the Due, with another main and its flash elsewhere; the ELF file."""
    cases.need(M3)
    example(board("due"), folder)
    script = (folder / "board.ld").read_text().replace("ORIGIN = 0x00000000", f"ORIGIN = {flash}")
    (folder / "board.ld").write_text(script)
    if body is not None:
        text = (folder / "main.c").read_text()
        head, rest = text[: text.index("int main")], text[text.index("/* What a start-up") :]
        (folder / "main.c").write_text(f"{head}int main(void)\n{{\n(void)sum;\n{body}\n}}\n{rest}")
    subprocess.run(["make", "-s", "main.elf"], cwd=folder, check=True)
    return folder / "main.elf"


@pytest.mark.parametrize("name", ["uno", "mkr1000", "due", "nano33ble", "esp32c3", "pico2"])
def test_an_example_builds_and_runs_and_its_variables_have_their_values(tmp_path, name):
    """3 + 1 + 4 + 1 + 5 + 9 + 2 + 6, which a start-up has to copy from flash."""
    cases.need(board(name).target)
    example(board(name), tmp_path)
    example(board(name), tmp_path)  # its own it may overwrite
    subprocess.run(["make", "-s", "main.elf"], cwd=tmp_path, check=True)
    first, second = run_elf(tmp_path / "main.elf", board(name).target).intervals
    assert (first[0], second[0]) == (1, 31)
    assert first[1] > 8


@pytest.mark.parametrize("flash", ["0x08000000", "0x10000000", "0x00080000"])
def test_flash_may_begin_where_a_chip_has_it(tmp_path, flash):
    assert run_elf(built(tmp_path, flash=flash), M3).intervals[1][0] == 31


def test_peripherals_are_plain_memory(tmp_path):
    """A clock register of an STM32, one of the core, and one beside an RP2040's; reads give what was written."""
    writes = "".join(
        f"*(volatile uint32_t *){address} = {n};"
        for n, address in enumerate(("0x40021000", "0xE000ED08", "0xD0000010"), 7)
    )
    elf = built(tmp_path, f"{writes} MARK(*(volatile uint32_t *)0xE000ED08); MARK(0); END(); for (;;) {{}}")
    assert [mark for mark, _ in run_elf(elf, M3).intervals] == [8]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            "*(volatile uint32_t *)0x90000000 = 1;",
            r"main\.elf crashed at 0x[0-9a-f]+ in (main|reset): .* of address 0x90000000",
        ),
        ("((void (*)(void))0x70000001)();", r"main\.elf crashed at 0x70000000: .* of address 0x70000000"),
        ("for (;;) {}", r"did not end within 0\.5 s and stands at 0x[0-9a-f]+ in (main|reset): .*--limit"),
    ],
)
def test_a_fault_names_its_address(tmp_path, body, says):
    with pytest.raises(RnnbenchError, match=says):
        run_elf(built(tmp_path, body), M3, limit=0.5)


def test_the_limit_is_in_seconds_of_which_the_emulator_counts_microseconds(tmp_path, monkeypatch):
    elf, given = built(tmp_path), []
    monkeypatch.setattr(emulator.unicorn.Uc, "emu_start", lambda *_, timeout: given.append(timeout))
    with pytest.raises(RnnbenchError, match=r"did not end within 2\.5 s"):
        run_elf(elf, M3, limit=2.5)
    assert given == [2_500_000]


def test_an_avr_that_does_not_end_is_stopped(tmp_path):
    cases.need(cases.TARGETS["avr"])
    (tmp_path / "a.c").write_text("int main(void) { for (;;) {} }\n")
    subprocess.run(["avr-gcc", "-Os", "-mmcu=atmega328p", "a.c", "-o", "a.elf"], cwd=tmp_path, check=True)
    with pytest.raises(RnnbenchError, match=r"did not end within 0\.5 s: it ends by writing to GPIOR2"):
        run_elf(tmp_path / "a.elf", cases.TARGETS["avr"], limit=0.5)
    with pytest.raises(RnnbenchError, match="no program for Arm, but EM_AVR"):
        run_elf(tmp_path / "a.elf", M3)


def test_a_damaged_program_is_one_line(tmp_path):
    (tmp_path / "a.elf").write_bytes(b"\x7fELF")
    with pytest.raises(RnnbenchError, match="damaged ELF program"):
        run_elf(tmp_path / "a.elf", M3)


def test_an_example_does_not_write_over_what_is_anothers(tmp_path):
    (tmp_path / "main.c").write_text("mine")
    with pytest.raises(RnnbenchError, match="was not written by an example"):
        example(board("due"), tmp_path)
    assert (tmp_path / "main.c").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1

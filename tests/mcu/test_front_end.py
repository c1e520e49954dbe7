"""Log-mel energies in integers: against real numbers, against the C code here and in simulators, and in an export."""

import shutil
import subprocess

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.data import infos
from bench.data.families.audio import log_mel, parameters
from bench.deploy.listening import at
from bench.errors import RnnbenchError
from bench.mcu.emit.export import paths
from bench.mcu.features.code import run_here, simulate
from bench.mcu.features.cycles import code_hash, counted
from bench.mcu.features.front_end import sound
from bench.mcu.features.transform import power

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")


def audio(kind, samples):
    """Sounds of a kind, int16."""
    rng = np.random.default_rng(1)
    if kind == "speech":  # vowels: harmonics of a voice under formants, in bursts, over a little noise
        t = np.arange(samples) / 8_000
        voice = sum(np.exp(-(((k * 130 - 600) / 500) ** 2)) * np.sin(2 * np.pi * 130 * k * t) for k in range(1, 25))
        return np.rint(4000 * voice * np.abs(np.sin(3 * t)) + 20 * rng.normal(size=samples)).astype(np.int16)
    if kind == "edges":
        return np.where(rng.random(samples) < 0.5, -32768, 32767).astype(np.int16)
    scale = {"silence": 0, "faint": 0.4, "noise": 900, "loud": 20_000}[kind]
    return np.clip(np.rint(scale * rng.normal(size=samples)), -32768, 32767).astype(np.int16)


def test_the_power_spectrum_is_that_of_a_transform_in_real_numbers():
    x = np.random.default_rng(0).integers(-20_000, 20_000, (5, 512))
    found, shifts = power(x)
    wanted = np.abs(np.fft.fft(x)[:, 1:256]) ** 2
    # 16 bits: errors are relative to a frame's largest number
    close = found[:, 1:] * 4.0 ** (shifts[:, None] + 1) - wanted
    assert np.abs(close).max() < 2e-3 * wanted.max()


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("kind", ["speech", "noise", "loud", "faint", "edges"])
def test_energies_are_those_of_the_data_set(rate, kind):
    """An amplitude is off by a 1,000th of itself and a 4,000th of the frame's loudest band, 72 dB below it, at most."""
    front = at(rate)
    x = audio(kind, front.frame + 40 * front.hop)
    found, wanted = front.logs(x) / 2**16, log_mel(x, rate).astype(float)
    is_, should = np.exp(found / 2), np.exp(wanted / 2)
    assert (np.abs(is_ - should) < should / 1e3 + should.max(1, keepdims=True) / 4e3).all()
    # Logarithms, whose deviation is about 3.7 in speech; this voice alone has bands far below the loudest.
    assert np.abs(found - wanted).mean() < (0.03 if kind == "speech" else 0.003)


def test_silence_is_what_silence_is_in_training():
    front = at(8_000)
    x = audio("silence", 1_000)
    assert front.logs(x) / 2**16 == pytest.approx(log_mel(x, 8_000), abs=2**-10)


def test_frames_that_overlap_agree_wherever_the_audio_begins():
    front = at(16_000)
    x = audio("speech", 4_000)
    assert np.array_equal(front.logs(x)[2:], front.logs(x[front.hop :])[1:])
    assert len(front.logs(x)) == 1 + (len(x) - front.frame) // front.hop


def test_what_the_transform_has_no_room_for_is_refused():
    known = parameters(8_000)
    given = {"hz": 8_000, "hop": 80, "pre_emphasis": 0.97, "floor": 1e-10}
    with pytest.raises(RnnbenchError, match="room for 512"):
        mcu.front_end(window=np.hamming(600), corners=known.corners, **given)
    with pytest.raises(RnnbenchError, match="a bin for every band"):
        mcu.front_end(window=known.window, corners=(0, 1, 1, 4), **given)


def test_data_sets_of_log_mel_energies_say_the_rate_of_their_audio():
    for info in infos().values():
        assert (info.audio_hz is not None) == ("log-mel" in info.about)
        if info.audio_hz is not None:
            assert info.audio_hz / at(info.audio_hz).hop == info.sample_hz
            assert at(info.audio_hz).bands == info.features


@needs_gcc
@pytest.mark.long
@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("kind", ["speech", "silence", "faint", "edges"])
def test_the_code_gives_the_bits_of_the_mirror(rate, kind):
    front = at(rate)
    x = audio(kind, front.frame + 30 * front.hop)
    assert np.array_equal(run_here(front, np.append(np.int16(0), x)), front.logs(x))


@pytest.mark.long
@pytest.mark.parametrize("name", ["avr", "m0plus", "m4f", "esp32c3"])
def test_simulated_processors_give_the_same_bits_in_the_cycles_that_are_printed(name):
    target = cases.TARGETS[name]
    cases.need(target)
    front = at(8_000)
    for x in (sound(front.frame + 2 * front.hop), audio("edges", front.frame)):
        logs, cycles = simulate(front, np.append(np.int16(0), x), target)
        assert np.array_equal(logs, front.logs(x))
        assert np.mean(cycles) == pytest.approx(mcu.frame_cycles(front, target), rel=0.03)


def test_the_cycles_that_are_printed_are_those_of_the_code():
    assert counted().code == code_hash(), "the code of the features changed: python -m tools.listen"


def listening(folder, board, kind, rate, window=9):
    """An export that listens; the model, its normalisation and its front end."""
    front = at(rate)
    net = cases.network("gru", features=front.bands, hidden=8, classes=4, seed=2)
    logs = front.logs(audio("speech", front.frame + 60 * front.hop)) / 2**16
    mean, deviation = logs.mean(0).tolist(), logs.std(0).tolist()
    graph = mcu.lower(net.cell, net.head)
    program = mcu.quantise(graph, (logs[None] - mean) / deviation)
    integer = kind == "int8"
    largest = [24.0] * front.bands
    raw = (
        mcu.raw_input(program, mean, deviation, largest) if integer else mcu.Normalised(*np.float32([mean, deviation]))
    )
    model = program if integer else graph
    about = mcu.About("GRU on test", list("abcd"), window, 100.0, raw, ["Run x."], audio=front)
    latency = mcu.predict(model, mcu.board(board), steps=window)
    example = raw.quantise(logs[:5])
    mcu.export(model, mcu.board(board), example, latency, folder, about)
    return model, raw, front


def built(folder, main):
    (folder / "main.c").write_text(main)
    files = ["src/rnn_model.c", "src/rnn_sensor.c"]
    subprocess.run(["gcc", *STRICT, "-Isrc", "main.c", *files, "-o", "main", "-lm"], cwd=folder, check=True)
    return subprocess.run([folder / "main"], capture_output=True, text=True, check=True).stdout


@needs_gcc
@pytest.mark.long
@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize(("board", "rate"), [("uno", 8_000), ("mkr1000", 16_000)])
def test_audio_fed_hop_by_hop_gives_the_classes_of_the_mirror(tmp_path, board, rate, kind):
    """Two windows of 9 frames, after the calls that fill the first frame; then, begun anew, the first again."""
    model, raw, front = listening(tmp_path, board, kind, rate)
    x = audio("speech", 40 * front.hop)
    text = ", ".join(map(str, x.tolist()))
    said = built(
        tmp_path,
        f'#include "rnn_sensor.h"\n#include <stdio.h>\nstatic const int16_t x[] = {{ {text} }};\n'
        "int main(void) { for (int n = 0; n < 40; n++) { if (n == 25) rnn_listen(0);"
        " if (rnn_listen(x + n % 25 * RNN_AUDIO_HOP)) {"
        ' printf("%d %u", n, rnn_answer()); for (int c = 0; c < RNN_CLASSES; c++)'
        ' printf(" %.9g", (double)rnn_scores()[c]); puts(""); } } return 0; }\n',
    )
    rows = np.array([line.split() for line in said.splitlines()], float)
    first = front.held // front.hop - 1 + 8
    assert rows[:, 0].tolist() == [first, first + 9, 25 + first]
    numbers = raw.normalise(front.numbers(front.logs(x), raw))
    for row, (begin, end) in zip(rows, [(0, 9), (9, 18), (0, 9)], strict=True):
        scores = mcu.trajectory(model, numbers[begin:end])[-1]
        assert row[1] == scores.argmax()
        assert row[2:] == pytest.approx(scores, abs=0 if kind == "int8" else 1e-4)


@needs_gcc
@pytest.mark.long
@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_the_check_listens_to_its_sound(tmp_path, kind):
    listening(tmp_path, "nano33ble", kind, 16_000)
    check = (tmp_path / "extras" / "check.c").read_text()
    assert built(tmp_path, check).splitlines() == ["the test vector is met", "so is the sound"]
    header = tmp_path / "src" / "rnn_test_vector.h"
    begin, _, rest = header.read_text().partition("rnn_test_heard[] RNN_TEST_FLASH = { ")
    number, _, rest = rest.partition(",")
    header.write_text(f"{begin}rnn_test_heard[] RNN_TEST_FLASH = {{ {float(number.rstrip('f')) + 9:.0f},{rest}")
    with pytest.raises(subprocess.CalledProcessError):
        built(tmp_path, check)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} >= set(paths()) - {"words.tsv"}


def test_the_readme_says_the_cycles_of_a_frame_and_what_a_board_cannot_hold(tmp_path):
    for board, rate in (("mkr1000", 8_000), ("uno", 16_000)):
        listening(tmp_path, board, "int8", rate)
        text = (tmp_path / "README.md").read_text()
        assert f"take {mcu.frame_cycles(at(rate), mcu.board(board).target)} cycles" in text
        assert ("do not fit beside the model" in text) == (board == "uno")
        assert ("does not keep up" in text) == (board == "uno")

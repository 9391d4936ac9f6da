"""Reads one file with one reader and prints seconds, how much was found, and the peak memory in KiB.

Like the readers in Rust it begins with what is in memory, where the reader takes that.
"""

import io
import sys
import time


def main(folder, peer, form, path):
    sys.path.insert(0, folder)
    # Imports and the reading of the file are no part of what is measured.
    try:
        read = globals()[peer.replace("-", "_").replace(".", "_")](form)
    except ImportError:
        print("not installed (run with --peers)")
        return
    with open(path, "rb") as file:
        data = file.read()
    begin = time.process_time()
    found = read(data)
    seconds = time.process_time() - begin
    with open("/proc/self/status") as status:
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    print(seconds, found, peak)


def webvtt_py(_):
    import webvtt
    return lambda data: len(webvtt.from_string(data.decode("utf-8")))


def pysrt(_):
    import pysrt
    return lambda data: len(pysrt.from_string(data.decode("utf-8")))


def srt(_):
    import srt
    return lambda data: len(list(srt.parse(data.decode("utf-8"))))


def pysubs2(form):
    import pysubs2
    name = {"webvtt": "vtt"}.get(form, form)
    return lambda data: len(pysubs2.SSAFile.from_string(data.decode("utf-8"), format_=name))


def pycaption(form):
    import pycaption
    reader = {"webvtt": pycaption.WebVTTReader, "srt": pycaption.SRTReader, "ttml": pycaption.DFXPReader}[form]
    return lambda data: len(reader().read(data.decode("utf-8")).get_captions("en-US"))


def python_docx(_):
    import docx
    return lambda data: sum(1 for paragraph in docx.Document(io.BytesIO(data)).paragraphs if "\n" in paragraph.text)


def praatio(_):
    from praatio import textgrid
    from praatio.utilities import textgrid_io

    def read(data):
        tiers = textgrid_io.parseTextgridStr(data.decode("utf-8"), includeEmptyIntervals=False)["tiers"]
        return sum(len(list(tier["entries"])) for tier in tiers)
    return read


def json_loads(form):
    import json
    count = {
        "aws": lambda file: sum(1 for item in file["results"]["items"] if item["type"] == "pronunciation"),
        "deepgram": lambda file: len(file["results"]["channels"][0]["alternatives"][0]["words"]),
        "whisper": lambda file: len(file["segments"]),
        "fireflies": lambda file: len(file),
        "assemblyai": lambda file: len(file["utterances"]),
    }[form]
    return lambda data: count(json.loads(data))


main(*sys.argv[1:])

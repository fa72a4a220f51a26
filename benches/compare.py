#!/usr/bin/env python3
"""Compares build_image and inspect_image with other programs on the same trees, and prints a table of ratios.

    benches/compare.py --tools FOLDER [--data FOLDER] [--runs N] [ROW ...]

The FOLDER of --tools has gen.py, which makes the trees, and extra.sh, which mounts file systems for the rows `cold` and
`reflink` (these need root). --data holds trees and images; about 25 GB. Programs that are not installed are left out.
Every round runs each program once, in turn, so that a drift of the machine's speed affects all alike; a ratio is the
median of the rounds' ratios. CPU is user and system time of the process.

Rows: small bridge tiny flat linear real large windows list memory million size cold reflink same
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "target/release/examples/build_image")
INSPECT = os.path.join(ROOT, "target/release/examples/inspect_image")

GENISOIMAGE = "genisoimage -quiet -iso-level 3 -J -joliet-long -no-pad -input-charset utf-8"
MKISOFS = GENISOIMAGE.replace("genisoimage", "mkisofs")
JUDGES = os.path.join(ROOT, "tests/judges")
PROGRAMS = {
    "iso": f"{BUILD} --file-systems iso9660,joliet SRC OUT",
    "iso, one reader": f"{BUILD} --readers 1 --file-systems iso9660,joliet SRC OUT",
    "bridge": f"{BUILD} SRC OUT",
    "genisoimage": f"{GENISOIMAGE} -o OUT SRC",
    "genisoimage -udf": f"{GENISOIMAGE} -udf -allow-limited-size -o OUT SRC",
    "xorriso": "xorriso -as mkisofs -quiet -iso-level 3 -J -joliet-long --norock -no-pad -input-charset utf-8 -o OUT SRC",
    "mkisofs": f"{MKISOFS} -o OUT SRC",
    "mkisofs -udf": f"{MKISOFS} -udf -o OUT SRC",
    "bsdtar": "bsdtar -c -f OUT --format iso9660 --options "
    "iso9660:iso-level=3,iso9660:joliet=long,iso9660:!rockridge,iso9660:!zisofs -C SRC .",
    "hadris-iso": "hadris-iso create SRC -o OUT --level 3 --joliet",
    "hadris-cd": "hadris-cd create SRC -o OUT --volume-name X",
    "tar": "tar -c -b 2048 -f OUT -C SRC .",
    "cat": "sh -c 'cat SRC/* > OUT'",
}


def run(command, source="", output=""):
    """Runs a command; returns its wall and CPU seconds, and its peak memory in bytes."""
    words = [word.replace("SRC", source).replace("OUT", output) for word in shlex.split(command)]
    if os.path.exists(output):
        os.unlink(output)
    with tempfile.NamedTemporaryFile("r") as memory, tempfile.TemporaryFile() as errors:
        # A child of this interpreter would start with the interpreter's memory.
        words = ["/usr/bin/time", "-q", "-f", "%M", "-o", memory.name] + words
        start = time.perf_counter()
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            sys.exit(f"{command}: {errors.read().decode(errors='replace')}")
        return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": int(memory.read()) * 1024}


def is_installed(command):
    """Whether the program is installed, under a name of its own: mkisofs may be a link to genisoimage."""
    program = shutil.which(shlex.split(command)[0])
    return program is not None and (os.path.basename(program) != "mkisofs" or "mkisofs" in os.path.realpath(program))


class Bench:
    def __init__(self, options):
        self.options = options
        self.rows = []
        os.makedirs(options.data, exist_ok=True)
        self.output = os.path.join(options.data, "compare.iso")

    def tree(self, name):
        gen = os.path.join(self.options.tools, "gen.py")
        subprocess.run([sys.executable, gen, self.options.data, name], check=True)
        return os.path.join(self.options.data, name)

    def rounds(self, commands, source):
        """Runs commands in turn; returns by name what each used in every round. The first round does not count."""
        used = {name: [] for name in commands if is_installed(commands[name])}
        for number in range(self.options.runs + 1):
            for name in used:
                usage = run(commands[name], source, self.output)
                usage["size"] = os.path.getsize(self.output) if os.path.exists(self.output) else 0
                if number > 0:
                    used[name].append(usage)
        if os.path.exists(self.output):
            os.unlink(self.output)
        return used

    def ratio(self, used, ours, peer, what="cpu"):
        pairs = zip(used[ours], used[peer])
        return statistics.median(one[what] / max(other[what], 1e-6) for one, other in pairs)

    def say(self, work, measure, value, goal, unit=""):
        row = (work, measure, f"{value:.2f}{unit}", goal)
        self.rows.append(row)
        print(" | ".join(row), flush=True)

    def against(self, work, source, ours, goals):
        """Compares one of our programs with peers, given by name with their goals."""
        names = [ours] + list(goals)
        used = self.rounds({name: PROGRAMS[name] for name in names}, source)
        for peer, goal in goals.items():
            if peer in used:
                self.say(work, f"CPU, of {peer}", self.ratio(used, ours, peer), f"{goal or ''}")
                self.say(work, f"wall, of {peer}", self.ratio(used, ours, peer, "wall"), "")
        return used

    def small(self):
        source = self.tree("w2")
        work = "100,000 small files, ISO 9660 + Joliet"
        goals = {"genisoimage": 0.55, "xorriso": 0.22, "tar": 1.5, "mkisofs": None, "bsdtar": None, "hadris-iso": None}
        self.against(work, source, "iso", goals)
        self.against(f"{work}, one reader", source, "iso, one reader", {"genisoimage": 0.55, "tar": 1.5})

    def bridge(self):
        source = self.tree("w2")
        self.against("100,000 small files, bridge", source, "bridge", {"genisoimage -udf": 0.55, "mkisofs -udf": None, "hadris-cd": None})

    def tiny(self):
        self.against("300,000 tiny files, ISO 9660 + Joliet", self.tree("w3"), "iso", {"genisoimage": 0.5})

    def flat(self):
        self.against("100,000 files in one directory", self.tree("w5"), "iso", {"genisoimage": 0.5})

    def linear(self):
        per_file = {}
        for files in (10_000, 300_000):
            with tempfile.TemporaryDirectory(dir=self.options.data) as source:
                for number in range(files):
                    with open(os.path.join(source, f"a name of usual length {number}.txt"), "wb"):
                        pass
                used = self.rounds({"iso": PROGRAMS["iso"]}, source)["iso"]
                per_file[files] = statistics.median(usage["cpu"] for usage in used) / files
        grown = per_file[300_000] / per_file[10_000]
        self.say("300,000 files in one directory", "CPU per file, of 10,000", grown, "1")

    def real(self):
        self.against("a real tree of 1.4 GB", self.tree("w4"), "iso", {"tar": 1.3})

    def large(self):
        self.against("one file of 4.5 GiB", self.tree("w1"), "bridge", {"cat": 1.1})

    def windows(self):
        self.against("installation media", self.tree("w6"), "bridge", {"genisoimage -udf": None, "tar": None})

    def memory(self):
        for name, goal in (("iso", 400), ("bridge", 500)):
            for tree, files in (("w2", 100_000), ("w3", 300_000), ("w5", 100_000)):
                used = self.rounds({name: PROGRAMS[name]}, self.tree(tree))[name]
                most = statistics.median(usage["memory"] for usage in used)
                value = max(most - (8 << 20), 0) / files
                self.say(f"{files:,} files, {name}", "bytes of memory per file beyond 8 MiB", value, f"{goal}")

    def million(self):
        """A million tiny files: each should cost as much as one among 10,000."""
        per_file = {}
        for tree, files in (("w3_10k", 10_000), ("w3_1m", 1_000_000)):
            used = self.rounds({"bridge": PROGRAMS["bridge"]}, self.tree(tree))["bridge"]
            per_file[files] = statistics.median(usage["cpu"] for usage in used) / files
        self.say("1,000,000 files, bridge", "CPU per file, of 10,000", per_file[1_000_000] / per_file[10_000], "1")
        most = statistics.median(usage["memory"] for usage in used)
        value = max(most - (8 << 20), 0) / files
        self.say("1,000,000 files, bridge", "bytes of memory per file beyond 8 MiB", value, "500")

    def size(self):
        source = self.tree("w2")
        for ours, peers in (
            ("iso", ("genisoimage", "xorriso", "mkisofs", "bsdtar", "hadris-iso")),
            ("bridge", ("genisoimage -udf", "mkisofs -udf", "hadris-cd")),
        ):
            used = self.rounds({name: PROGRAMS[name] for name in (ours, *peers)}, source)
            smallest = min(used[peer][0]["size"] for peer in peers if peer in used)
            value = used[ours][0]["size"] / smallest
            self.say(f"100,000 small files, {ours}", "length, of the smallest peer", value, "1.01")

    def list(self):
        image = os.path.join(self.options.data, "list.iso")
        run(PROGRAMS["bridge"], self.tree("w2"), image)
        for file_system, peer, name, goal in (
            ("iso9660", f"isoinfo -l -i {image}", "isoinfo -l", 2),
            ("udf", f"7zz l {image}", "7zz l", 0.4),
        ):
            ours = f"{INSPECT} --file-system {file_system} {image}"
            used = self.rounds({"ours": ours, name: peer}, "")
            if name in used:
                work = f"listing 100,000 files of {file_system}"
                self.say(work, f"CPU, of {name}", self.ratio(used, "ours", name), f"{goal}")
        os.unlink(image)

    def extra(self, words, commands):
        """Returns the measurements of extra.sh: by command, the wall seconds of its runs."""
        script = os.path.join(self.options.tools, "extra.sh")
        environment = dict(os.environ, RUNS=str(self.options.runs))
        shown = subprocess.run(["bash", script, *words, *commands], env=environment, capture_output=True, text=True)
        walls = {}
        for line in shown.stdout.splitlines():
            started = re.match(r"\[\d+\] (.*)", line)
            if started:
                command = started[1]
            measured = re.match(r"([\d.]+) wall", line)
            if measured:
                walls.setdefault(command, []).append(float(measured[1]))
        if not walls:
            print(f"{words[0]}: {shown.stderr.strip()}", file=sys.stderr)
        return walls

    def cold(self):
        ours, peer = PROGRAMS["bridge"], PROGRAMS["genisoimage -udf"]
        walls = self.extra(["cold", self.tree("w2")], [ours, peer])
        if walls:
            value = statistics.median(one / other for one, other in zip(walls[ours], walls[peer]))
            self.say("100,000 small files, bridge, cold cache", "wall, of genisoimage -udf", value, "0.45")

    def reflink(self):
        ours = f"{BUILD} --reflink SRC OUT"
        for file_system in ("xfs", "btrfs"):
            for tree, size in (("w1g", "1 GiB"), ("w1", "4.5 GiB")):
                walls = self.extra(["reflink", self.tree(tree), file_system], [ours])
                if walls:
                    value = statistics.median(walls[ours]) * 1000
                    self.say(f"one file of {size}, shared on {file_system}", "wall", value, "50 ms", " ms")


    def same(self):
        """Checks that images of all trees pass the judges and are the same for 1, 2 and 8 readers."""
        os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
        for tree in ("w1", "w2", "w3", "w4", "w5", "w6"):
            source = self.tree(tree)
            for readers in (1, 2, 8):
                output = self.output if readers == 1 else f"{self.output}.again"
                run(f"{BUILD} --readers {readers} SRC OUT", source, output)
                if readers > 1:
                    subprocess.run(["cmp", self.output, output], check=True)
                    os.unlink(output)
            for judge in ("isocheck.py", "udfcheck.py"):
                judge = [sys.executable, os.path.join(JUDGES, judge), "--quiet", self.output]
                subprocess.run(judge, check=True, stdout=subprocess.DEVNULL)
            os.unlink(self.output)
            self.say(tree, "readers with the same image, which both judges pass", 3, "3")
        del os.environ["SOURCE_DATE_EPOCH"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--data", default="/tmp/imapi2fs-bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("row", nargs="*")
    options = parser.parse_args()
    rows = options.row or re.search(r"Rows: (.*)", __doc__)[1].split()
    os.environ["LC_ALL"] = "C.UTF-8"
    subprocess.run(["cargo", "build", "--release", "--quiet", "--examples"], cwd=ROOT, check=True)
    bench = Bench(options)
    for row in rows:
        getattr(bench, row)()
    print(f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}\n")
    print("| work | measured | value | goal |\n|---|---|---|---|")
    for row in bench.rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

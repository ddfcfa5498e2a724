"""bulk_unsubscribe on terminals and pipes that go away, and its words:
   bulk_terminals.py DIRECTORY_OF_THE_PROGRAMS"""

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import threading
import time

import bulk_tool
from bulk_tool import ACCEPTED, BulkTest, REFUSED, WRONG_KEY, list_of, rows


class Terminal:
    """A program whose standard streams are a pseudo-terminal."""

    def __init__(self, command, environment, ignore_hangup=False):
        self.text = ""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            if ignore_hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return False
            if not data:
                return False
            self.text += data.decode(errors="replace")
        return True

    def read_until(self, text):
        while text not in self.text and self.read(0.05):
            pass

    def wait(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Terminals(BulkTest):
    def setUp(self):
        super().setUp()
        self.start_gateway(self.slow)
        self.write_list(list_of(1, 400))

    @staticmethod
    def slow(_):
        time.sleep(0.02)
        return ACCEPTED

    def terminal(self, *arguments, term="xterm", **options):
        return Terminal(self.command(*arguments), self.environment(TERM=term), **options)

    def test_a_terminal_gets_a_bar(self):
        terminal = self.terminal("--rate", 400)
        while terminal.read(1):
            pass
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.text, r"\r\[#+-*\] \d+% \d+ rows, ")
        self.assertIn("Exit code 0", terminal.text)

    def test_a_dumb_terminal_gets_lines(self):
        terminal = self.terminal("--rate", 60, term="dumb")
        while terminal.read(1):
            pass
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("\x1b", terminal.text)
        self.assertRegex(terminal.text, r"\d+% \d+ rows, ")

    def test_a_terminal_that_is_closed(self):
        terminal = self.terminal("--in-flight", 4)
        self.wait_for(lambda: len(self.gateway.requests) > 20, "requests")
        os.close(terminal.master)  # the system sends SIGHUP; a shell sends it once more
        os.kill(terminal.pid, signal.SIGHUP)
        self.assertEqual(terminal.wait(), 3)
        self.assertEqual(len(self.journalled("accepted")), len(self.gateway.requests))
        self.assertEqual(self.journalled("unknown"), [])

    def test_hangups_are_no_second_ctrl_c(self):
        process = self.start("--in-flight", 4)
        self.wait_for(lambda: len(self.gateway.requests) > 20, "requests")
        for _ in range(3):
            process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(), 3, self.output())
        self.assertEqual(self.journalled("unknown"), [])

    def test_hangup_after_ctrl_c_is_no_second_one(self):
        process = self.start("--in-flight", 4)
        self.wait_for(lambda: len(self.gateway.requests) > 20, "requests")
        process.send_signal(signal.SIGINT)
        self.wait_for(lambda: "Stopping" in self.output(), "word that it stops")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(), 3, self.output())
        self.assertEqual(self.journalled("unknown"), [])

    def test_ctrl_c_after_a_hangup_waits_no_longer(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.gateway.answer = lambda request: release.wait(30) and None or ACCEPTED
        process = self.start("--in-flight", 4)
        self.wait_for(lambda: len(self.gateway.requests) == 4, "requests")
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), 3, self.output())
        self.assertEqual(len(self.journalled("unknown")), 4)

    def test_under_nohup_a_terminal_may_be_closed(self):
        process = self.start("--rate", 1000, preexec_fn=lambda: signal.signal(signal.SIGHUP,
                                                                              signal.SIG_IGN))
        self.wait_for(lambda: len(self.gateway.requests) > 20, "requests")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(), 0, self.output())

    def test_a_reader_that_goes_away_does_not_stop_the_sending(self):
        self.write_list(list_of(1, 100) + "+1,x\n" * 3 + rows(101, 400))
        command = subprocess.list2cmdline(self.command())
        done = subprocess.run(["bash", "-c", f"{command} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}"],
                              env=self.environment(), check=False, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(self.journalled("accepted")), 400)

    def test_output_to_a_full_disk_does_not_stop_the_sending(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command(), env=self.environment(), check=False, stdout=full,
                                  stderr=full, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(self.journalled("accepted")), 400)

    def test_a_list_that_grows_while_it_is_read(self):
        growing = threading.Event()

        def answer(request):
            if request.reference == "1":
                with open(self.list, "a") as file:
                    file.write(rows(401, 4000))
                growing.set()
            return ACCEPTED
        self.gateway.answer = answer
        terminal = self.terminal("--rate", 4000)
        while terminal.read(1):
            pass
        self.assertEqual(terminal.wait(), 0, terminal.text)
        self.assertEqual(len(self.journalled("accepted")), 4000)

    def test_a_list_that_is_typed(self):
        command = self.command()
        command[1] = "-"
        terminal = Terminal(command, self.environment(TERM="xterm"))
        for text in ["destination,reference\n", "254711000001,1\n", "254711000002,2\n"]:
            os.write(terminal.master, text.encode())
            terminal.read(0.3)
        self.assertEqual(len(self.journalled("accepted")), 2)
        os.write(terminal.master, b"\x04")
        while terminal.read(1):
            pass
        self.assertEqual(terminal.wait(), 0, terminal.text)

    # Words

    def test_the_end_says_what_is_next_and_that_works(self):
        self.gateway.answer = lambda request: ACCEPTED
        self.write_list(list_of(1, 5) + "+254711000006,6\n")
        self.list = os.path.join(self.work, "my stop's.csv")
        self.write_list(list_of(1, 5) + "+254711000006,6\n")
        result = self.bulk()
        self.assert_ends(result, 2, "Exit code 2: 1 row is reported", "Journal: " + self.journal,
                         "correct the reported rows")
        command = re.search(r"Next: .*:\n  (.*)\n", result.output).group(1)
        self.assertEqual(shlex.split(command), self.command())
        self.write_list(list_of(1, 6))
        again = self.run_command(["sh", "-c", command])
        self.assert_ends(again, 0, "nothing is left to do", "every row is accepted")
        self.write_list(list_of(1, 8))
        self.gateway.answer = lambda request: WRONG_KEY
        self.assert_ends(self.bulk(), 4)
        self.gateway.answer = lambda request: REFUSED
        refused = self.bulk()
        self.assert_ends(refused, 1, "2 rows are refused")
        command = re.search(r"Next: .*:\n  (.*)\n", refused.output).group(1)
        named = self.run_command(["sh", "-c", command])
        self.assertEqual(named.output.count('"refused"'), 2)

    def test_version_and_help(self):
        program = self.command()[0]
        version = self.run_command([program, "--version"])
        self.assert_ends(version, 0)
        self.assertRegex(version.output, r"^bulk_unsubscribe \d+\.\d+\.\d+\n$")
        help_text = self.run_command([program, "--help"])
        self.assert_ends(help_text, 0, "Examples:", "Exit codes", "--give-up-after")
        self.assertRegex(help_text.output, r"--journal FILE +REQUIRED|--journal FILE REQUIRED")
        for line in help_text.output.splitlines():
            self.assertLessEqual(len(line), 100, line)


if __name__ == "__main__":
    bulk_tool.main()

"""bulk_unsubscribe and its journal: torn, old, in the way, on full disks, after kill -9:
   bulk_journals.py DIRECTORY_OF_THE_PROGRAMS"""

import json
import os
import re
import signal
import subprocess
import threading
import unittest

import bulk_tool
from bulk_tool import ACCEPTED, BulkTest, REFUSED, list_of, rows


def line(reference, state="accepted", code=200, **more):
    """As a run writes it; without `more`, as the first version wrote it."""
    members = {"time": "2026-11-25T12:00:00.000Z", "line": int(reference) + 1, "source": 12345,
               "keyword": "mv-100620006", "destination": f"2547110{int(reference):05d}",
               "reference": str(reference), "state": state, "code": code, "message_id": None,
               "reason": None, "attempts": 1, "milliseconds": 5}
    members.update(more)
    return json.dumps(members, separators=(",", ":")) + "\n"


class Journals(BulkTest):
    def setUp(self):
        super().setUp()
        self.start_gateway()
        self.write_list(list_of(1, 6))

    def sent(self):
        return sorted(int(reference) for _, reference in self.gateway.sent())

    def goes_on(self, journal, sent, *texts, code=0):
        self.write_journal(journal)
        self.gateway.requests.clear()
        result = self.bulk()
        self.assert_ends(result, code, *texts)
        self.assertEqual(self.sent(), sent)
        self.assert_adds_up(result, 7)
        with open(self.journal, "rb") as file:
            for text in file.read().splitlines():
                if text.strip(b"\0 \r"):
                    json.loads(text.strip(b"\0"))
        return result

    # Lines

    def test_a_row_has_a_line_before_it_is_sent(self):
        seen = []

        def answer(request):
            seen.append([l["reference"] for l in self.journalled("sending")])
            self.assertIn(request.reference, seen[-1])
            return ACCEPTED
        self.gateway.answer = answer
        self.assert_ends(self.bulk(), 0)
        self.assertEqual(len(seen), 6)
        sending = self.journalled("sending")
        self.assertEqual([l["line"] for l in sending], [2, 3, 4, 5, 6, 7])
        self.assertEqual([list(l) for l in sending], [list(l) for l in self.journalled()])

    def test_an_older_journal(self):
        self.goes_on(line(1) + line(2, "refused", 590) + line(3, "unknown", None) +
                     line(4, "not_sent", None) + line(5, "accepted"), [3, 4, 6], code=1)

    def test_the_last_line_counts_but_accepted_stays(self):
        self.goes_on(line(1) + line(1, "refused", 590) + line(2, "unknown", None) + line(2) +
                     line(3, "refused", 590) + line(3, "unknown", None), [3, 4, 5, 6])

    def test_a_row_of_the_same_key_that_is_not_sent_does_not_change_what_is_known(self):
        self.goes_on(line(1, "refused", 590) + line(1, "not_sent", None) +
                     line(2, "unknown", None) + line(2, "not_sent", None) +
                     line(3, "sending", None) + line(3, "not_sent", None), [2, 3, 4, 5, 6], code=1)
        self.gateway.answer = lambda request: REFUSED
        self.goes_on(line(1) + line(2, "unknown", None) + line(2, "not_sent", None),
                     [2, 3, 4, 5, 6], code=1)
        doubtful = [l["reference"] for l in self.journalled("refused") if l["after_unknown"]]
        self.assertEqual(doubtful, ["2"])

    # Ends

    def test_a_whole_last_line_without_its_newline_counts(self):
        for end in ("", "\0\0\0"):
            self.goes_on(line(1) + line(2).rstrip("\n") + end, [3, 4, 5, 6])
            self.assertEqual(len(self.journalled()), 6)

    def test_half_a_last_line_is_cut_off_wherever_it_is_cut(self):
        whole = line(1)
        for length in [1, 5, 9, 30, 100, len(whole) - 2]:
            for end in ("", "\0" * 100):
                self.goes_on(line(1) + line(2)[:length] + end, [2, 3, 4, 5, 6], "removed half a line")

    def test_blank_lines_and_nul_bytes_are_skipped(self):
        self.goes_on("\n" + line(1) + "\r\n \n" + line(2) + "\0" * 5000, [3, 4, 5, 6])
        self.goes_on(line(1) + "\0" * 7 + line(2) + "\0\0\n", [3, 4, 5, 6])
        self.goes_on("\0" * 4096, [1, 2, 3, 4, 5, 6])
        self.goes_on("", [1, 2, 3, 4, 5, 6])
        self.goes_on(line(1).replace("\n", "\r\n") + line(2), [3, 4, 5, 6])

    # Damage

    def test_a_damaged_line_in_the_middle_is_named_with_its_cure(self):
        for damage in [line(2)[:40] + "\n", "{}\n", line(2)[10:], "x\n", line(2)[:60] + line(3),
                       line(2, "lost"), line(2)[:20] + "\0\0\0" + line(2)[23:], "[1]\n"]:
            content = line(1) + damage + line(4)
            self.write_journal(content)
            result = self.bulk()
            self.assert_ends(result, 6, f"{self.journal}:2: 1 damaged line")
            self.assertNotIn("name another file", result.output)
            self.assertEqual(self.sent(), [])
            with open(self.journal) as file:
                self.assertEqual(file.read(), content)
            cure = re.search(r"sed -i '[^']*' '[^']*'", result.output)
            subprocess.run(cure.group(), shell=True, check=True)
            self.assert_ends(self.bulk(), 0)
            self.assertEqual(self.sent(), [2, 3, 5, 6])
            self.gateway.requests.clear()

    def test_many_damaged_lines(self):
        self.write_journal("x\n" + line(1) + "x\nx\n" * 20 + line(2)[:50] + "\n" + line(4))
        for _ in range(5):
            result = self.bulk()
            if result.code != 6:
                break
            self.assertIn("damaged lines", result.output)
            cure = re.search(r"sed -i '[^']*' '[^']*'", result.output)
            subprocess.run(cure.group(), shell=True, check=True)
        self.assert_ends(result, 0)
        self.assertEqual(self.sent(), [2, 3, 5, 6])

    def test_a_file_that_is_no_journal_is_left_alone(self):
        for content in ("precious", "precious\n", list_of(1, 3), '{"a":1}\n', "[]"):
            self.write_journal(content)
            result = self.bulk()
            self.assert_ends(result, 6, ":1: not a line of a journal: name another file")
            with open(self.journal) as file:
                self.assertEqual(file.read(), content)
        os.remove(self.journal)
        os.mkdir(self.journal)
        self.assert_ends(self.bulk(), 6)
        self.assertEqual(self.sent(), [])

    # In flight when an earlier run ended

    def test_rows_that_were_in_flight_go_first_and_may_have_been_sent(self):
        self.gateway.answer = lambda request: REFUSED
        self.write_list(list_of(1, 200))
        self.write_journal(line(1) + line(150, "sending", None) + line(2, "sending", None) +
                           line(2, "refused", 590) + line(180, "sending", None))
        result = self.bulk()
        self.assert_ends(result, 1)
        self.assertEqual([reference for _, reference in self.gateway.sent()][:2], ["150", "180"])
        self.assertEqual(len(self.sent()), 198)
        after_unknown = [l["reference"] for l in self.journalled("refused")
                         if l.get("after_unknown")]
        self.assertEqual(after_unknown, ["150", "180"])
        self.assertEqual([l["line"] for l in self.journalled() if l.get("after_unknown")],
                         [151, 181])
        self.assert_adds_up(result, 201)
        again = self.bulk()
        self.assert_ends(again, 1)
        self.assertEqual(len(self.sent()), 198)

    def test_rows_that_were_in_flight_on_a_list_from_a_pipe(self):
        self.gateway.answer = lambda request: REFUSED
        self.write_journal(line(3, "sending", None))
        command = self.command()
        command[1] = "-"
        with subprocess.Popen(["cat", self.list], stdout=subprocess.PIPE) as cat:
            result = self.run_command(command, stdin=cat.stdout)
        self.assert_ends(result, 1)
        self.assertEqual(self.sent(), [1, 2, 3, 4, 5, 6])
        self.assertEqual([l["reference"] for l in self.journalled("refused") if l["after_unknown"]],
                         ["3"])
        self.assert_adds_up(result, 7)

    def test_rows_in_flight_of_a_list_on_standard_input(self):
        self.write_journal(line(6, "sending", None))
        command = self.command()
        command[1] = "-"
        with open(self.list, "rb") as file:
            result = self.run_command(command, stdin=file)
        self.assert_ends(result, 0)
        self.assertEqual(self.gateway.sent()[0][1], "6")
        self.assert_adds_up(result, 7)

    def test_a_row_that_was_unknown_stays_unknown_in_its_refusal(self):
        self.gateway.answer = lambda request: REFUSED
        self.goes_on(line(1, "unknown", None) + line(2, "not_sent", None), [1, 2, 3, 4, 5, 6],
                     code=1)
        self.assertEqual([l["reference"] for l in self.journalled("refused") if l["after_unknown"]],
                         ["1"])

    def test_rows_in_flight_that_are_not_in_the_list_are_told(self):
        self.goes_on(line(77, "sending", None), [1, 2, 3, 4, 5, 6],
                     "1 row was in flight when an earlier run was killed, but not in this list")

    def test_a_row_that_was_in_flight_and_is_not_sent_again_is_unknown(self):
        self.gateway.close()
        self.write_journal(line(1) + line(2, "sending", None))
        result = self.bulk("--timeout", 2000)
        self.assert_ends(result, 4)
        states = {l["reference"]: l["state"] for l in self.journalled()}
        self.assertEqual(states["2"], "unknown")
        self.assertEqual(states["3"], "not_sent")

    def test_after_a_kill_what_was_in_flight_is_sent_first(self):
        release = threading.Event()

        def answer(request):
            if int(request.reference) > 20:
                release.wait(30)
                return None
            return ACCEPTED
        self.gateway.answer = answer
        self.write_list(list_of(1, 200))
        process = self.start("--in-flight", 8)
        self.wait_for(lambda: len(self.sent()) == 28, "rows in flight")
        process.kill()
        process.wait()
        release.set()
        in_flight = set(self.sent()[20:])
        self.gateway.requests.clear()
        self.gateway.answer = lambda request: REFUSED if int(request.reference) > 20 else ACCEPTED
        result = self.bulk("--in-flight", 8)
        self.assert_ends(result, 1)
        self.assertEqual(set(self.sent()[:0] + [int(r) for _, r in self.gateway.sent()[:8]]),
                         in_flight)
        self.assertEqual({int(l["reference"]) for l in self.journalled("refused")
                          if l["after_unknown"]}, in_flight)
        self.assert_adds_up(result, 201)

    def test_a_run_that_was_stopped_leaves_nothing_in_flight(self):
        self.gateway.answer = lambda request: release.wait(30) and None or ACCEPTED
        release = threading.Event()
        self.write_list(list_of(1, 200))
        process = self.start()
        self.wait_for(lambda: len(self.sent()) == 32, "rows in flight")
        process.send_signal(signal.SIGINT)
        release.set()
        self.assertEqual(process.wait(), 3, self.output())
        outcomes = {l["reference"] for l in self.journalled()}
        self.assertEqual(outcomes, {l["reference"] for l in self.journalled("sending")})
        self.assertEqual(len(self.journalled("accepted")), 32)

    # Closed descriptors

    def test_closed_standard_streams_are_no_journal(self):
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">&- 2>&-"):
            if os.path.exists(self.journal):
                os.remove(self.journal)
            self.write_list(list_of(1, 40) + "+1,x\n")
            command = subprocess.list2cmdline(self.command())
            for _ in range(2):
                done = subprocess.run(["sh", "-c", f"{command} {closed}"], check=False,
                                      env=self.environment(), capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 2)
            self.assertEqual(len(self.journalled("accepted")), 40)
            self.assertEqual(len(self.journalled("not_sent")), 2)

    def test_a_list_from_a_closed_standard_input_is_empty(self):
        command = self.command()
        command[1] = "-"
        done = subprocess.run(["sh", "-c", subprocess.list2cmdline(command) + " <&-"], check=False,
                              env=self.environment(), capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"standard input is empty", done.stderr)

    # Disks

    def limited(self, blocks):
        command = subprocess.list2cmdline(self.command("--in-flight", 4))
        return self.run_command(["sh", "-c", f"ulimit -f {blocks}; exec {command}"])

    def test_a_full_disk_sends_nothing_that_can_not_be_recorded(self):
        self.write_list(list_of(1, 40))
        result = self.limited(8)
        self.assert_ends(result, 6, f"can't write {self.journal}: File too large", "Exit code 6",
                         "Next:")
        recorded = {int(l["reference"]) for l in self.journalled("sending")}
        self.assertLessEqual(set(self.sent()), recorded)
        self.assertGreater(len(recorded), 3)
        self.assert_adds_up(result)
        with open(self.journal, "rb") as file:
            self.assertTrue(file.read().endswith(b"}\n"), "half a line should be cut off")
        self.assert_ends(self.bulk(), 0)
        self.assertEqual(len(self.journalled("accepted")), 40)

    def test_a_disk_that_is_full_at_once_sends_nothing(self):
        self.write_journal(line(99) * 14)  # 4 KiB but for a little
        result = self.limited(8)
        self.assert_ends(result, 6, "can't write", "Exit code 6")
        self.assertEqual(self.sent(), [])

    @unittest.skipUnless(os.geteuid() == 0, "needs to mount")
    def test_file_systems_that_are_full_or_read_only(self):
        mount = os.path.join(self.work, "mount")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", mount],
                          check=False, capture_output=True).returncode != 0:
            self.skipTest("can't mount here")
        self.addCleanup(subprocess.run, ["umount", mount], check=True)
        self.journal = os.path.join(mount, "outcomes.ndjson")
        self.write_list(list_of(1, 300))
        result = self.bulk("--in-flight", 4)
        self.assert_ends(result, 6, "No space left on device", "Exit code 6")
        self.assert_adds_up(result)
        self.assertLessEqual(set(self.sent()),
                             {int(l["reference"]) for l in self.journalled("sending")})
        subprocess.run(["mount", "-o", "remount,size=1m", mount], check=True)
        self.assert_ends(self.bulk(), 0)
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        self.assert_ends(self.bulk(), 6, "Read-only file system")

    def test_a_journal_that_is_moved_or_shortened_ends_the_run(self):
        def change(request):
            if request.reference == "3":
                harm()
            elif int(request.reference) > 3:
                threading.Event().wait(0.05)
            return ACCEPTED
        self.gateway.answer = change
        self.write_list(list_of(1, 400))
        for harm, text in [(lambda: os.remove(self.journal), "was moved or deleted"),
                           (lambda: os.rename(self.journal, self.journal + ".old"),
                            "was moved or deleted"),
                           (lambda: os.truncate(self.journal, 0), "was shortened")]:
            result = self.bulk("--in-flight", 2)
            self.assert_ends(result, 6, text, "Exit code 6")
            self.assert_adds_up(result)
            if os.path.exists(self.journal):
                os.remove(self.journal)

    def test_the_list_itself_is_no_journal(self):
        self.journal = self.list
        self.assert_ends(self.bulk(), 6, "not a line of a journal")
        with open(self.list) as file:
            self.assertEqual(file.read(), list_of(1, 6))


if __name__ == "__main__":
    bulk_tool.main()

"""bulk_unsubscribe with wrong keys, and with gateways that are dead, hang, refuse and come back:
   bulk_gateways.py DIRECTORY_OF_THE_PROGRAMS"""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import bulk_tool
from bulk_tool import ACCEPTED, BulkTest, Gateway, REFUSED, WRONG_KEY, list_of, unused_port

NAMES = ["MOBIVATE_API_KEY", "MOBIVATE_ACCOUNT_ID", "MOBIVATE_BASE_URL"]


class Gateways(BulkTest):
    def stops_early(self, answer, *texts, list_rows=400):
        """Then the same command stops everybody."""
        self.start_gateway(answer)
        self.write_list(list_of(1, list_rows))
        result = self.bulk("--timeout", 5000)
        self.assert_ends(result, 4, *NAMES, "Exit code 4", *texts)
        self.assertLess(len(self.gateway.requests), 300)
        self.assertGreaterEqual(len({r.reference for r in self.gateway.requests}), 24)
        self.assert_adds_up(result)
        self.gateway.answer = lambda request: ACCEPTED
        self.assert_ends(self.bulk(), 0)
        self.assertEqual(len(self.journalled("accepted")), list_rows)

    # From the start

    def test_a_wrong_key_stops_early(self):
        self.stops_early(lambda request: WRONG_KEY, "Invalid account id or API key", "HTTP 401",
                         "--errors-are-final", list_rows=3000)

    def test_a_forbidden_account_stops_early_whatever_it_says(self):
        self.stops_early(lambda request: (403, "<html>Forbidden</html>"), "HTTP 403")
        self.gateway.close()
        os.remove(self.journal)
        self.stops_early(lambda request: (401, '{"590": "SEND_FAILED: unauthorized"}'), "HTTP 401")

    def test_undocumented_errors_stop_early(self):
        for body in ('{"error": "Account suspended"}', '{"error": "401"}', '{"error": 403}',
                     '{"599": "SEND_FAILED: no"}'):
            if os.path.exists(self.journal):
                os.remove(self.journal)
            self.stops_early(lambda request, body=body: (200, body), "--errors-are-final")
            self.gateway.close()

    def test_a_gateway_that_hangs_up_stops_early(self):
        self.stops_early(lambda request: None)

    def test_another_server_stops_early(self):
        self.stops_early(lambda request: (404, "<html>Not found</html>"), "HTTP 404")

    def test_a_gateway_that_is_down_stops_early(self):
        self.stops_early(lambda request: (503, ""), "HTTP 503")

    def test_many_in_flight_and_attempts_make_no_more_requests(self):
        self.start_gateway(lambda request: (503, ""))
        self.write_list(list_of(1, 3000))
        result = self.bulk("--in-flight", 1000, "--attempts", 100, "--timeout", 3000)
        self.assert_ends(result, 4)
        self.assertLess(len(self.gateway.requests), 300)

    def test_nobody_listens(self):
        self.write_list(list_of(1, 3000))
        result = self.bulk("--timeout", 5000,
                           environment=self.environment(
                               MOBIVATE_BASE_URL=f"http://127.0.0.1:{unused_port()}"))
        self.assert_ends(result, 4, *NAMES, "not_sent: connect: ")
        self.assertEqual({l["state"] for l in self.journalled()}, {"not_sent"})
        self.assert_adds_up(result)

    def test_a_gateway_that_never_answers(self):
        with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
            self.write_list(list_of(1, 3000))
            result = self.bulk("--timeout", 1000,
                               environment=self.environment(
                                   MOBIVATE_BASE_URL=f"http://127.0.0.1:{server.getsockname()[1]}"))
        self.assert_ends(result, 4, "timeout", *NAMES)
        self.assertEqual({l["state"] for l in self.journalled()}, {"unknown"})

    def test_a_short_list_with_a_wrong_key(self):
        self.start_gateway(lambda request: WRONG_KEY)
        self.write_list(list_of(1, 2))
        self.assert_ends(self.bulk(), 4, *NAMES)
        self.gateway.answer = lambda request: ACCEPTED
        self.assert_ends(self.bulk(), 0)

    def test_a_journal_that_an_older_version_wrote_with_a_wrong_key(self):
        self.start_gateway()
        self.write_list(list_of(1, 1))
        self.write_journal('{"time":"2026-11-25T12:00:00.000Z","line":2,"source":12345,"keyword":'
                           '"mv-100620006","destination":"254711000001","reference":"1","state":'
                           '"refused","code":null,"message_id":null,"reason":"Invalid account id '
                           'or API key","attempts":1,"milliseconds":1}\n')
        self.assert_ends(self.bulk(), 0)
        self.assertEqual(len(self.gateway.requests), 1)

    def test_rows_in_flight_before_and_a_wrong_key(self):
        self.start_gateway(lambda request: WRONG_KEY)
        self.write_list(list_of(1, 3000))
        self.write_journal("".join(
            '{"time":"2026-11-25T12:00:00.000Z","line":2,"source":12345,"keyword":"mv-100620006",'
            f'"destination":"2547110{i:05d}","reference":"{i}","state":"sending"}}\n'
            for i in range(1, 400)))
        result = self.bulk()
        self.assert_ends(result, 4)
        self.assertLess(len(self.gateway.requests), 10)
        self.assert_adds_up(result)

    # Errors of rows

    def test_errors_are_final(self):
        self.start_gateway(lambda request: (200, '{"error": "Blocked"}'))
        self.write_list(list_of(1, 500))
        self.assert_ends(self.bulk("--errors-are-final"), 1, "Blocked: 500")
        self.assertEqual(len(self.gateway.requests), 500)
        self.assert_ends(self.bulk("--errors-are-final"), 1)
        self.assertEqual(len(self.gateway.requests), 500)

    def test_a_few_undocumented_errors_are_refused_and_sent_again(self):
        self.start_gateway(lambda request: (200, '{"error": "Blocked"}')
                           if request.reference == "7" else ACCEPTED)
        self.write_list(list_of(1, 100))
        result = self.bulk()
        self.assert_ends(result, 2, "1 row is refused by an error that is not documented",
                         "--errors-are-final")
        self.assertEqual(result.table()["refused"], [1, 0, 1])
        self.gateway.requests.clear()
        self.gateway.answer = lambda request: ACCEPTED
        self.assert_ends(self.bulk(), 0)
        self.assertEqual(len(self.gateway.requests), 1)

    def test_refused_rows_are_final_and_no_reason_to_stop(self):
        self.start_gateway(lambda request: REFUSED)
        self.write_list(list_of(1, 400))
        self.assert_ends(self.bulk(), 1)
        self.assertEqual(len(self.gateway.requests), 400)
        self.assert_ends(self.bulk(), 1)
        self.assertEqual(len(self.gateway.requests), 400)

    def test_rows_without_an_answer_among_others_are_no_reason_to_pause(self):
        self.start_gateway(lambda request: (502, "") if int(request.reference) % 2 else ACCEPTED)
        self.write_list(list_of(1, 200))
        result = self.bulk("--attempts", 1, "--in-flight", 4)
        self.assert_ends(result, 2, "100 rows are unknown")
        self.assertNotIn("Pausing", result.output)
        self.assertEqual(len(self.journalled("unknown")), 100)
        self.assert_adds_up(result)

    # Later in a run

    def goes_on_by_itself(self, answer_meanwhile):
        away = [None]

        def answer(request):
            if request.reference == "200" and away[0] is None:
                away[0] = True
            return answer_meanwhile(request) if away[0] else ACCEPTED
        self.start_gateway(answer)
        self.write_list(list_of(1, 1000))
        process = self.start("--timeout", 2000, "--in-flight", 16)
        self.wait_for(lambda: "Paused" in self.output(), "a pause")
        time.sleep(3.5)
        meanwhile = len(self.gateway.requests)
        self.assertLess(meanwhile, 200 + 3 * 60)
        away[0] = False
        self.assertEqual(process.wait(60), 0, self.output())
        self.assertIn("answers again", self.output())
        self.assertEqual(self.references("accepted"), [str(i) for i in range(1, 1001)])
        self.assertEqual(len(self.journalled()), 1000)

    def test_a_key_that_is_revoked_for_a_while(self):
        self.goes_on_by_itself(lambda request: WRONG_KEY)

    def test_a_gateway_that_is_down_for_a_while(self):
        self.goes_on_by_itself(lambda request: (503, ""))

    def test_a_gateway_that_hangs_up_for_a_while(self):
        self.goes_on_by_itself(lambda request: None)

    def test_a_gateway_that_dies_and_comes_back(self):
        gateway = self.start_gateway()
        self.write_list(list_of(1, 4000))
        process = self.start("--timeout", 3000, "--rate", 1000)
        self.wait_for(lambda: len(gateway.requests) > 300, "requests")
        # Python's server keeps its connections: those are what is to die.
        gateway.answer = lambda request: None
        gateway.close()
        self.wait_for(lambda: "Paused" in self.output(), "a pause")
        back = Gateway(port=gateway.port)
        self.addCleanup(back.close)
        self.assertEqual(process.wait(60), 0, self.output())
        self.assertEqual(len(set(self.references("accepted"))), 4000)

    def test_a_gateway_that_stays_away_is_given_up(self):
        self.start_gateway(lambda request: ACCEPTED if int(request.reference) < 100 else WRONG_KEY)
        self.write_list(list_of(1, 1000))
        begin = time.monotonic()
        result = self.bulk("--give-up-after", 4, "--in-flight", 1)
        self.assert_ends(result, 4, "Pausing", "about the account, not the subscribers for 4 seconds", *NAMES)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertIn(len(self.gateway.requests), range(99 + 10 + 1, 99 + 10 + 4))  # ten, then one a pause
        self.assertEqual(len(self.journalled("accepted")), 99)
        self.assert_adds_up(result)
        self.gateway.answer = lambda request: ACCEPTED
        self.assert_ends(self.bulk(), 0)
        self.assertEqual(len(set(self.references("accepted"))), 1000)

    def test_pauses_grow(self):
        self.start_gateway(lambda request: ACCEPTED if int(request.reference) < 100 else WRONG_KEY)
        self.write_list(list_of(1, 1000))
        result = self.bulk("--give-up-after", "8s")
        waits = [int(wait) for wait in re.findall(r"Paused: trying one row, after (\d+)",
                                                  result.output)]
        self.assertEqual(waits, [1, 2, 4])

    def test_give_up_after_takes_units(self):
        self.write_list(list_of(1, 1))
        for value, code in [("2h", 0), ("10m", 0), ("30", 0), ("x", 4), ("-1", 4), ("5 d", 4)]:
            result = self.bulk("--give-up-after", value, "--dry-run")
            self.assertEqual(result.code, code, value)

    def test_ctrl_c_in_a_pause(self):
        self.start_gateway(lambda request: ACCEPTED if int(request.reference) < 100 else WRONG_KEY)
        self.write_list(list_of(1, 1000))
        process = self.start()
        self.wait_for(lambda: "Pausing" in self.output(), "a pause")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 3, self.output())
        self.assertEqual({l["reference"] for l in self.journalled()},
                         {l["reference"] for l in self.journalled("sending")})

    def test_the_end_of_the_list_while_the_gateway_is_away(self):
        away = [True]
        self.start_gateway(lambda request: WRONG_KEY
                           if away[0] and int(request.reference) > 80 else ACCEPTED)
        self.write_list(list_of(1, 100))
        process = self.start("--in-flight", 4)
        self.wait_for(lambda: "Paused" in self.output(), "a pause")
        away[0] = False
        self.assertEqual(process.wait(30), 0, self.output())
        self.assertEqual(len(self.journalled("accepted")), 100)

    def test_twelve_rows_in_a_row_that_fail_for_good_hold_up_nobody(self):
        bad = range(100, 112)
        self.start_gateway(lambda request: (200, '{"error": "Blocked"}')
                           if int(request.reference) in bad else ACCEPTED)
        self.write_list(list_of(1, 300))
        result = self.bulk("--in-flight", 1)
        self.assert_ends(result, 2)
        self.assertEqual(len(self.journalled("accepted")), 288)
        self.assertEqual(len(self.journalled("refused")), 12)
        self.assert_adds_up(result)

    # Input that trickles

    def test_answers_do_not_wait_for_a_list_that_trickles(self):
        self.start_gateway()
        command = self.command("--timeout", 2000)
        command[1] = "-"
        with subprocess.Popen(command, env=self.environment(), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            process.stdin.write(list_of(1, 5).encode())
            process.stdin.flush()
            self.wait_for(lambda: os.path.exists(self.journal) and
                          len(self.journalled("accepted")) == 5, "outcomes while the list waits")
            process.stdin.write(bulk_tool.rows(6, 9).encode()[:-4])
            process.stdin.flush()
            self.wait_for(lambda: len(self.journalled("accepted")) == 8, "outcomes")
            process.stdin.close()
            output = process.stdout.read().decode()
            self.assertEqual(process.wait(), 2, output)
        self.assertIn("standard input:10: row: 1 fields", output)

    # Credentials

    def test_credentials_with_stray_characters_are_refused_by_name(self):
        self.write_list(list_of(1, 1))
        key = bulk_tool.API_KEY
        for name, value, character in [
                ("MOBIVATE_API_KEY", key + "\r", "a carriage return"),
                ("MOBIVATE_API_KEY", f'"{key}"', "a double quote"),
                ("MOBIVATE_API_KEY", f"'{key}'", "a single quote"),
                ("MOBIVATE_API_KEY", key + '"', "a double quote"),
                ("MOBIVATE_ACCOUNT_ID", " " + bulk_tool.ACCOUNT_ID, "a space"),
                ("MOBIVATE_ACCOUNT_ID", bulk_tool.ACCOUNT_ID + "\t", "a tab"),
                ("MOBIVATE_API_KEY", key + "\u00a0", "the byte 0xC2"),
                ("MOBIVATE_API_KEY", "\u201c" + key + "\u201d", "the byte 0xE2"),
                ("MOBIVATE_API_KEY", key[:5] + "\n" + key[5:], "the byte 0x0A"),
                ("MOBIVATE_BASE_URL", '"http://127.0.0.1:1"', "a double quote"),
                ("MOBIVATE_BASE_URL", "http://127.0.0.1:1\r", "a carriage return")]:
            result = self.bulk(environment=self.environment(**{name: value}))
            self.assert_ends(result, 4, name, character)
            self.assertNotIn(key[:8], result.output)
            self.assertFalse(os.path.exists(self.journal))

    def test_missing_credentials_are_named(self):
        self.write_list(list_of(1, 1))
        for name in NAMES:
            self.assert_ends(self.bulk(environment=self.environment(**{name: ""})), 4, name)


if __name__ == "__main__":
    bulk_tool.main()

"""bulk_unsubscribe on lists as spreadsheets, exports, sorts and concatenations make them:
   bulk_lists.py DIRECTORY_OF_THE_PROGRAMS"""

import random
import re

import bulk_tool
from bulk_tool import BulkTest, REFUSED, ACCEPTED, list_of, rows

A, B, C, D = ("25471100000" + digit for digit in "1234")
HEADER = "destination,reference\n"
PROMO = "reference,destination,campaign\n"
BOM = "\ufeff"


class Lists(BulkTest):
    def setUp(self):
        super().setUp()
        self.start_gateway()

    def check(self, content, sent, code, *texts, options=()):
        """All of `sent` and nothing else is sent; every other line is reported or skipped."""
        data = content if isinstance(content, bytes) else content.encode()
        self.write_list(data)
        self.write_journal("")
        result = self.bulk(*options)
        self.assertEqual(sorted(self.gateway.sent()), sorted(sent), result.output)
        self.assert_ends(result, code, *texts)
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        self.assert_adds_up(result, lines)
        reported = [line for line in self.journalled() if line["attempts"] == 0]
        self.assertEqual(len(reported), result.table()["reported"][-1])
        return result

    def refuses(self, content, *texts, options=()):
        """Nothing is sent."""
        self.write_list(content)
        result = self.bulk(*options)
        self.assert_ends(result, 4, *texts)
        self.assertEqual(self.gateway.sent(), [])
        return result

    # Quotes

    def test_a_quote_that_closes_rows_later_swallows_none(self):
        self.check(PROMO + f'1,{A},"Promo A\n2,{B},x\n3,{C},x\n4,{D},Promo A"\n',
                   [(B, "2"), (C, "3")], 2, "stops.csv:2: row: a quote is opened",
                   "stops.csv:5: row: a quote inside a field")

    def test_a_quote_that_never_closes_costs_its_own_line(self):
        self.check(PROMO + f'1,{A},"Promo A\n2,{B},x\n3,{C},x\n', [(B, "2"), (C, "3")], 2,
                   "stops.csv:2: row: a quote is opened")

    def test_quotes_that_close_on_the_next_line(self):
        self.check(PROMO + f'1,{A},"Promo\n2,{B},"Promo\n3,{C},Promo\n', [(C, "3")], 2,
                   "stops.csv:2: row", "stops.csv:3: row")

    def test_a_line_break_in_a_column_of_ours_is_reported_by_its_first_line(self):
        self.check(PROMO + f'1,{A},"Promo\nA"\n2,{B},x\n', [(B, "2")], 2,
                   "stops.csv:2: row: a quote is opened", "stops.csv:3: row: a quote inside")

    def test_a_sorted_file_with_line_breaks_in_fields(self):
        lines = []
        for i in range(1, 13):
            lines += [f'{i},2547110000{i:02d},"Promo {i}', f'for all {i}"']
        result = self.check(PROMO + "\n".join(sorted(lines)) + "\n", [], 2)
        self.assertEqual(result.table()["reported"][-1], 24)

    def test_a_line_break_in_an_ignored_column_is_data(self):
        self.check(f'destination,address,reference\n{A},"1 Main Road\nNairobi",1\n{B},x,2\n',
                   [(A, "1"), (B, "2")], 0, "1 inside a field",
                   options=["--ignore-other-columns"])

    def test_a_quote_in_an_ignored_column_swallows_no_row(self):
        self.check(f'destination,reference,address\n{A},1,"Road\n{B},2,Road\n{C},3,Road"\n{D},4,\n',
                   [(B, "2"), (D, "4")], 2, "stops.csv:2: row: a quote is opened",
                   options=["--ignore-other-columns"])

    def test_a_row_over_lines_with_too_few_fields_is_read_line_by_line(self):
        self.check(f'destination,address,reference\n{A},"Main Road\nNairobi"\n{B},x,2\n',
                   [(B, "2")], 2, "stops.csv:2: row", "stops.csv:3: row",
                   options=["--ignore-other-columns"])

    def test_many_open_quotes_are_read_in_time_linear_in_the_file(self):
        self.check("destination,address,reference\n" + f'{A},"x,1\n' * 20_000, [], 2,
                   options=["--ignore-other-columns"])

    # Headers

    def test_a_header_in_the_middle_is_skipped(self):
        for n, between in enumerate(["", BOM]):
            self.gateway.requests.clear()
            self.check(HEADER + f"{A},{n}a\n" + between + HEADER + f"{B},{n}b\n",
                       [(A, f"{n}a"), (B, f"{n}b")], 0, "2 headers")

    def test_a_header_in_the_middle_written_otherwise(self):
        self.check(f'{HEADER}{A},1\n" Destination ",REFERENCE\r\n{B},2\n', [(A, "1"), (B, "2")], 0,
                   "2 headers")

    def test_a_byte_order_mark_between_rows_is_no_part_of_a_field(self):
        self.check(f"reference,destination\n1,{A}\n{BOM}2,{B}\n", [(A, "1"), (B, "2")], 0)

    def test_below_a_header_in_another_order_nothing_is_sent(self):
        result = self.check(f"{HEADER}{A},1\nreference,destination\n2,{B}\n3,{C}\n", [(A, "1")], 2,
                            "stops.csv:3: row: is a header that differs from the first",
                            "stops.csv:4: row: is below line 3")
        self.assertEqual(result.table()["reported"][-1], 3)

    def test_below_a_header_with_more_columns_nothing_is_sent(self):
        self.check(f"{HEADER}{A},1\ndestination,reference,campaign\n{B},2,x\n{C},3\n", [(A, "1")],
                   2, "stops.csv:3: row: is a header that differs from the first")

    def test_a_column_name_is_no_number(self):
        self.check(f"{HEADER}destination,1\nreference,2\n{A},3\n", [(A, "3")], 2,
                   "stops.csv:2: destination: is a word")

    def test_names_are_matched_without_regard_to_case_and_spaces(self):
        self.check(f' Destination ,"REFERENCE "\n{A},1\n', [(A, "1")], 0)

    def test_an_unknown_column_is_an_error(self):
        self.refuses(f"destination,reference,note\n{A},1,x\n", 'has a column named "note"',
                     "--ignore-other-columns")
        self.check(f"destination,reference,note,\n{A},1,x,\n", [(A, "1")], 0,
                   options=["--ignore-other-columns"])

    def test_a_column_that_is_there_twice_is_an_error(self):
        self.refuses(f"destination,Destination,reference\n{A},{A},1\n", "two columns named")

    # Rows that are none

    def test_rows_of_commas_are_skipped(self):
        self.check(f"{HEADER}{A},1\n" + ",\n" * 500 + ",,\n , \n" + '"",""\n\n', [(A, "1")], 0,
                   "504 empty")

    def test_a_list_without_rows(self):
        for content in (HEADER, HEADER + ",\n\n", HEADER + HEADER):
            self.refuses(content, "has no rows below its header")
        self.refuses("", "is empty")
        self.refuses("\n\n", "is empty")
        self.write_list(HEADER)
        self.assert_ends(self.bulk("--dry-run"), 4, "has no rows")

    def test_an_identical_row_is_sent_once(self):
        result = self.check(f"{HEADER}{A},1\n{B},2\n{A},1\n {A} ,1\r\n", [(A, "1"), (B, "2")], 0,
                            "2 identical")
        self.assertEqual(len(self.journalled()), 2)
        self.assertEqual(len(self.journalled("sending")), 2)
        self.assertEqual(result.table()["rows"], [2, 0, 2])
        again = self.bulk()
        self.assert_ends(again, 0, "2 identical")
        self.assert_adds_up(again, 5)

    def test_rows_that_differ_in_the_service_are_different(self):
        self.check(f"destination,reference,keyword\n{A},1,a\n{A},1,b\n", [(A, "1")] * 2, 0)

    def test_rows_that_the_journal_could_not_tell_apart_are_reported(self):
        fields = "destination,reference,amount,frequency,campaign,provider,stop\n"
        row = f"{A},1,100,7,c,p,flag\n"
        others = [row.replace(*change) for change in
                  [(",100,", ",101,"), ("7,c", "8,c"), (",c,", ",,"), (",p,", ",q,"), ("flag", "one")]]
        self.check(fields + row + row + "".join(others), [(A, "1")], 2,
                   "stops.csv:4: row: has source, keyword, destination and reference of line 2",
                   "1 identical")

    def test_repeated_numbers_and_references_are_told_once(self):
        result = self.check(f"{HEADER}{A},1\n{B},2\n{A},3\n{C},2\n{A},4\n{D},5\n",
                            [(A, "1"), (B, "2"), (A, "3"), (C, "2"), (A, "4"), (D, "5")], 0,
                            "1 number has several references in the list, for example on "
                            "lines 2 and ", "1 reference has several numbers, for example "
                            "on lines 3 and 5")
        self.assertEqual(result.output.count("several"), 2)

    def test_nothing_is_told_of_a_list_without_repetition(self):
        result = self.check(list_of(1, 300), [(f"2547110{i:05d}", str(i)) for i in range(1, 301)],
                            0)
        self.assertNotIn("several", result.output)

    # The end of the file

    def test_a_last_row_that_was_cut_short_is_not_sent(self):
        self.check(f"reference,destination\n1,{A}\n2,{B[:9]}", [(A, "1")], 2,
                   "stops.csv:3: row: is the last row, has no line end")

    def test_a_last_row_without_a_line_end_is_sent(self):
        self.check(f"{HEADER}{A},1\n{B},2", [(A, "1"), (B, "2")], 0,
                   "has no line end after its last line: check that line 3 is complete")

    def test_a_single_row_without_a_line_end_is_sent(self):
        self.check(f"{HEADER}{A},1", [(A, "1")], 0, "has no line end after its last line")

    def test_a_short_number_with_a_line_end_is_sent(self):
        self.check(f"{HEADER}{A},1\n{B[:9]},2\n", [(A, "1"), (B[:9], "2")], 0)

    def test_the_shortest_number_but_as_long_as_another_is_sent(self):
        self.check(f"{HEADER}{A},1\n{B[:9]},2\n{C[:9]},3", [(A, "1"), (B[:9], "2"), (C[:9], "3")],
                   0)

    # Formats

    def test_formats_that_are_no_csv_are_named_with_the_cure(self):
        text = list_of(1, 2)
        for content, *texts in [
                (text.encode("utf-16"), "UTF-16", "iconv"),
                (text.encode("utf-16-le"), "UTF-16"),
                (text.encode("utf-16-be"), "UTF-16"),
                ("sep=,\n" + text, "sep="),
                ("\ufeffSEP=;\r\n" + text.replace(",", ";"), "sep="),
                ('"sep=;"\n' + text, "sep="),
                (text.replace(",", ";"), "semicolons", "with commas between"),
                (text.replace(",", "\t"), "tabs"),
                (text.replace(",", " | "), "vertical bars"),
                ('"Destination";"Reference"\r\n', "semicolons"),
                (text.replace("\n", "\r"), "carriage returns alone", "tr '\\r' '\\n'"),
                (("x" * 40 + "\r") * 5000, "carriage returns alone"),
                (b"PK\x03\x04\x14\0\x06\0", "is a spreadsheet")]:
            with self.subTest(texts[0]):
                self.refuses(content, *texts)

    def test_carriage_returns_before_line_feeds_are_no_data(self):
        self.check(f"{HEADER}{A},1\r\n{B},2\r\r\n".replace("\n", "\r\n", 1),
                   [(A, "1"), (B, "2")], 0)

    def test_rows_that_end_in_a_carriage_return_alone_are_reported(self):
        self.check(f"{HEADER}{A},1\n{B},2\r{C},3\r{D},4\n", [(A, "1")], 2,
                   "stops.csv:3: row: a carriage return in the middle")

    def test_part_of_a_file_in_utf_16(self):
        result = self.check((HEADER + A + ",1\n").encode() + list_of(2, 3).encode("utf-16-le"),
                            [(A, "1")], 2, "stops.csv:3: row: a NUL byte")
        self.assertEqual(result.table()["reported"][-1], 4)

    # Fields

    def test_numbers_that_are_none(self):
        bad = ["NULL", "null", "nan", "NaN", "None", "none", "N/A", "n/a", "NA", "#N/A", "TRUE",
               "False", "undefined", "nil", "#REF!", "#VALUE!", "-", "25E10", "2547E8",
               "254743210491.0", "254743210492 ext 4", "2.54743E+11", "+44 (0) 20 7946 0000",
               "0743210492", "00254743210492", "0", "'254743210492", "\u202a254743210492",
               "254743\u00a0210492", "=254743210492", "254743210492;254743210493"]
        for first in range(0, len(bad), 16):
            part = bad[first:first + 16]
            self.gateway.requests.clear()
            self.check(HEADER + f"{A},{first}x\n" +
                       "".join(f'"{text}",{first + i}\n' for i, text in enumerate(part)),
                       [(A, f"{first}x")], 2)

    def test_a_hashed_number_is_sent(self):
        numbers = ["XX7432104492", "a3f5" * 16, "abcdefghijkl"]
        self.check(HEADER + "".join(f"{n},{i}\n" for i, n in enumerate(numbers)),
                   [(n, str(i)) for i, n in enumerate(numbers)], 0)

    def test_control_characters_are_refused_by_line(self):
        fields = "destination,reference,keyword,campaign,provider\n"
        self.check(fields + f"{A},r\x07,k,c,p\n{A},r,k\x1b[2J,c,p\n{A},r,k,c\x7f,p\n"
                   f"{A},r,k,c,p\u0085x\n{A},r\tx,k,c,p\n{B},ok,k,\u00e9,p\n", [(B, "ok")], 2,
                   *(f"stops.csv:{line}: {field}: has the control character {name}: remove it"
                     for line, field, name in
                     [(2, "reference", "U+0007"), (3, "keyword", "U+001B"),
                      (4, "campaign", "U+007F"), (5, "provider", "U+0085"),
                      (6, "reference", "U+0009")]))

    def test_what_a_spreadsheet_could_not_work_out_is_refused_in_any_column(self):
        self.check(f"{HEADER}{A},#N/A\n{B},2\n", [(B, "2")], 2,
                   "stops.csv:2: reference: is an error of a spreadsheet")

    # Many

    def test_identical_problems_are_grouped(self):
        self.write_list(HEADER + "".join(f"+2547110{i:05d},{i}\n" for i in range(5000)) +
                        f"{A},a\n")
        result = self.bulk()
        self.assert_ends(result, 2, ": 5000 (lines 2 to 5001)")
        self.assertLess(result.output.count("\n"), 35)
        self.assertEqual(len(self.journalled("not_sent")), 5000)
        self.assert_adds_up(result, 5002)

    def test_problems_of_many_kinds_print_few_lines(self):
        kinds = ["+{0}", "NULL", "", "0{0}", "{0}.0", "{0} x", '"{0}', "{0},1", "{0}/", "{0}:"]
        self.write_list(HEADER + "".join(
            kinds[i % len(kinds)].format(10**9 + i) + f",{i}\n" for i in range(3000)))
        result = self.bulk()
        self.assert_ends(result, 2)
        self.assertLess(result.output.count("\n"), 65)
        self.assert_adds_up(result, 3001)

    def test_refusals_are_counted_by_reason(self):
        def answer(request):
            number = int(request.reference)
            if number % 3 == 0:
                return REFUSED
            if number % 3 == 1:
                return 200, '{"error": "541"}'
            return ACCEPTED
        self.gateway.answer = answer
        self.write_list(list_of(1, 90))
        result = self.bulk()
        self.assert_ends(result, 1, "590 subscriber not found: 30\n", "541 ")
        self.assertRegex(result.output, "541 .*: 30\n")

    def test_of_many_reasons_ten_are_printed(self):
        letters = "abcdefghijklmno"
        self.gateway.answer = lambda request: (
            200, '{"590": "SEND_FAILED: reason %s"}' % letters[int(request.reference) % 15])
        self.write_list(list_of(1, 150))
        result = self.bulk()
        self.assert_ends(result, 1, "  other reasons: 50\n")
        self.assertEqual(len(re.findall("590 reason .: 10\n", result.output)), 10)

    def test_reasons_that_differ_in_numbers_alone_are_one(self):
        self.gateway.answer = lambda request: (
            200, '{"590": "SEND_FAILED: %s not found"}' % request.destination)
        self.write_list(list_of(1, 50))
        self.assertRegex(self.bulk().output, "590 2547110[0-9]{5} not found: 50\n")

    def test_random_files_add_up(self):
        parts = [A, B, "1", "2", ",", ",", "\n", "\n", "\r\n", '"', '""', " ", "NULL", BOM, "+",
                 "destination", "reference", ";", "\t", "\0", "\r", "x" * 70_000]
        generator = random.Random(11)
        for _ in range(150):
            text = HEADER + "".join(
                generator.choices(parts, [9] * 8 + [1] * (len(parts) - 8), k=40))
            self.write_list(text)
            result = self.bulk("--ignore-other-columns")
            if result.code == 4:
                self.assertIn("no rows", result.output)
            else:
                self.assert_adds_up(result, text.count("\n") + (not text.endswith("\n")))

    def test_lines_of_a_dry_run_add_up(self):
        self.write_list(f'{HEADER}{A},1\n,\n+{B},2\n{A},1\n{C},3')
        result = self.bulk("--dry-run", journal=False)
        self.assert_ends(result, 2, "has no line end after its last line")
        numbers = dict(re.findall(r"^(to send|can't be sent|skipped|lines) +(\d+)$", result.output,
                                  re.M))
        self.assertEqual(numbers, {"to send": "2", "can't be sent": "1", "skipped": "3",
                                   "lines": "6"})
        self.assertEqual(self.gateway.sent(), [])

    def test_options_that_no_row_could_be_sent_with(self):
        for option, value in [("--keyword", ""), ("--source", "0"), ("--frequency", "0"),
                              ("--provider", "x" * 300), ("--campaign", "a\nb")]:
            self.write_list(list_of(1, 1))
            result = self.bulk(option, value)
            self.assert_ends(result, 4, "keyword" if value == "" else option)
        self.assertEqual(self.gateway.sent(), [])


if __name__ == "__main__":
    bulk_tool.main()

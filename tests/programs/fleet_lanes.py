"""fleet_unsubscribe's lanes: fleet_lanes.py DIRECTORY_OF_THE_PROGRAMS"""

import time

import fleet_tool
from fleet_tool import FleetTest


class Lanes(FleetTest):
    def times(self):
        return [request.time for request in list(self.gateway.requests)]

    def test_a_row_of_lane_0_overtakes_a_large_list(self):
        self.start_gateway()
        self.rate(100)
        rows = 1_000_000 if fleet_tool.LONG else 50_000
        self.insert(1, rows, ", lane", ", 1")
        worker = self.start_worker()
        self.wait_for(lambda: len(self.times()) > 100, "requests")
        for reference in range(rows + 1, rows + 4):
            inserted = time.monotonic()
            self.insert(reference, reference)
            found = lambda: [r.time for r in list(self.gateway.requests)
                             if r.reference == str(reference)]
            self.wait_for(found, "that row", 10)
            self.assertLess(found()[0] - inserted, 2)
        self.stop_worker(worker)

    def test_lane_1_gets_a_tenth_while_lane_0_is_busy_and_all_when_it_is_not(self):
        self.start_gateway()
        self.rate(100)
        self.insert(1, 3000)
        self.insert(10_001, 10_200, ", lane", ", 1")
        worker = self.start_worker()
        self.wait_for(lambda: len(self.times()) >= 700, "requests")
        share = len([r for r in self.gateway.requests[:700] if int(r.reference) > 10_000]) / 700
        self.assertGreater(share, 0.05)
        self.assertLess(share, 0.15)
        self.sql("delete from mobivate.stops where lane = 0 and state = 'waiting'")
        begin = time.monotonic()
        self.wait_for(lambda: self.number("select count(*) from mobivate.stops where lane = 1 and "
                                          "done_at is null") == 0, "lane 1", 10)
        self.assertLess(time.monotonic() - begin, 4)
        self.stop_worker(worker)

    def test_a_row_inserted_while_idle_is_on_the_wire_within_a_second(self):
        self.start_gateway()
        worker = self.start_worker()
        self.insert(100, 100)
        self.wait_for(self.times, "a request")
        for i in range(5):
            time.sleep(0.7)
            inserted = time.monotonic()
            self.insert(i, i)
            self.wait_for(lambda: len(self.times()) == i + 2, "a request")
            self.assertLess(self.times()[-1] - inserted, 1)
        self.stop_worker(worker)


if __name__ == "__main__":
    fleet_tool.main()

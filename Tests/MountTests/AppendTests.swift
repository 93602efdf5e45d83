import Foundation
import Testing

/// Several append to one file, and none loses a line.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct AppendTests {
  @Test func twoMountsAppendToOneLog() async throws {
    try await withBed(.local) { bed in
      let result = try await bed.sh(
        """
        mkdir true && cat last/wait > /dev/null
        \(Bed.program) mount $DIR/second --url \(bed.url) --token-file $DIR/token > /dev/null 2>&1 || exit 1
        for round in 1 2 3 4 5 6 7 8; do
          (cd 1/files; for i in $(seq 30); do echo A:$i >> log$round; done) &
          (cd $DIR/second/1/files; for i in $(seq 30); do echo B:$i >> log$round; done) &
          wait; cd $DIR/data/tasks/1/work; sort log$round | uniq | wc -l; wc -l < log$round; cd $MNT
          for m in A B; do grep $m: $DIR/data/tasks/1/work/log$round | sort -c -t : -k 2n || echo disorder; done
        done
        sleep 1.1; cat 1/files/log1 | wc -l; cat .beray/errors $DIR/second/.beray/errors
        cd /; \(Bed.program) unmount $DIR/second
        """, timeout: 120)
      #expect(result.output == String(repeating: "60\n60\n", count: 8) + "60\n", "\(result)")
    }
  }

  @Test func aNoteOfAUserLeavesTheAgentItsLog() async throws {
    try await withBed(.local) { bed in
      let result = try await bed.sh(
        """
        echo 'exec 3>>log; for i in $(seq 40); do echo "line $i" >&3; sleep 0.1; done' > new
        until test -s last/files/log; do sleep 0.1; done; sleep 0.6; echo note >> last/files/log
        cat last/wait; sleep 1.1; grep -c '^line' last/files/log; grep note last/files/log; cat .beray/errors
        """, timeout: 60)
      #expect(result.output == "COMPLETED\n40\nnote\n", "\(result)")
    }
  }
}

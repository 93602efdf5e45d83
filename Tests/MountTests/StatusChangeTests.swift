import Foundation
import Testing

/// ctime as programs use it: to see a change whose time was set back.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct StatusChangeTests {
  @Test(arguments: [Bed.Server.local, .bare(arguments: ["--details"])])
  func whatIsSetBackIsSeenAllTheSame(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir true && cat last/wait && cd last/files && mkdir $DIR/repo && export GIT_DIR=$DIR/repo/.git GIT_WORK_TREE=$PWD
        git init -q && git config user.name a && git config user.email a@b && echo aaa > f && git add f
        git commit -qm f && sleep 1.1 && git status --porcelain; touch -r f $DIR/ref; echo bbb > f; touch -r $DIR/ref f
        git status --porcelain
        echo old > $DIR/older; touch -d 2020-01-01 $DIR/older
        tar -c -g $DIR/snapshot -f $DIR/first.tar . ; sleep 1.1; cp -p $DIR/older x
        tar -c -g $DIR/snapshot -f $DIR/second.tar . ; tar -tf $DIR/second.tar
        stat -c '%Y' x; chmod 4755 x; stat -c %a x; cut -f 1-3 $MNT/.beray/errors | cut -f 2-
        """, timeout: 60)
      #expect(result.output.hasPrefix("COMPLETED\n M f\n"), "\(result)")
      #expect(result.output.contains("./x\n1577836800\n"), "\(result)")
      #expect(!result.output.contains("4755"))
      #expect(result.errors.contains("chmod: changing permissions of 'x': Operation not permitted"))
    }
  }
}

import Foundation
import Testing

/// git in files/, and beside it on the server.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct GitTests {
  private func task(_ bed: Bed, _ goal: String = "true") async throws {
    let ready = try await bed.sh("mkdir '\(goal)'; cat last/wait")
    #expect(ready.output == "COMPLETED\n", "\(ready.errors)")
  }

  @Test func gitWorksOnAFullServer() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        set -e
        # Maintenance in the background would still write while the repository is removed.
        export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=T GIT_CONFIG_KEY_1=user.email \
          GIT_CONFIG_VALUE_1=t@example.com GIT_CONFIG_KEY_2=init.defaultBranch GIT_CONFIG_VALUE_2=main \
          GIT_CONFIG_KEY_3=maintenance.auto GIT_CONFIG_VALUE_3=false
        cd 1/files; work=$DIR/data/tasks/1/work
        git init -q r; cd r
        mkdir src; for i in $(seq 20); do echo $i > src/$i; done; echo '#!/bin/sh' > run; chmod +x run
        git add . && git commit -qm one; git status --porcelain
        git mv src/1 src/one; git rm -q src/2; echo more >> src/3; git commit -qam two; git gc -q; git fsck --strict 2>&1
        cd ..; git clone -q r c; diff -r --exclude=.git r c && git -C c log --format=%s
        git -C $work/r -c safe.directory='*' status --porcelain; git -C $work/r -c safe.directory='*' log --format=%s
        stat -c %A $work/r/run; find . $work -name '*.lock' -o -name 'tmp_*'
        rm -rf r c; ls -A . $work | grep -v : | tr -d '\\n'
        """, timeout: 120)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "two\none\ntwo\none\n-rwxr-xr-x\n", "\(result.output) \(result.errors)")
    }
  }

  /// Of a repository that a program works on at either side, the other keeps off.
  @Test func gitLocksHoldOnBothSides() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=T GIT_CONFIG_KEY_1=user.email \
          GIT_CONFIG_VALUE_1=t@example.com GIT_CONFIG_KEY_2=safe.directory GIT_CONFIG_VALUE_2='*'
        cd 1/files; git init -q r; work=$DIR/\(Bed.Server.local.work)/r; cd r
        echo 1 > x; git add x; git commit -qm one; ls -lA .git > /dev/null
        echo '# there'; touch $work/.git/index.lock; echo 2 > x; git add x 2>&1 | grep -o "index.lock': File exists"
        test -f $work/.git/index.lock && rm $work/.git/index.lock && echo refresh > $MNT/1/ctl && git add x && echo added; echo 3 > x
        echo '# here'; GIT_EDITOR="sh -c 'touch $DIR/in; until test -e $DIR/out; do sleep 0.1; done; echo two > \\$1' -" \
          git commit -qa & commit=$!
        until test -e $DIR/in; do sleep 0.1; done
        git -C $work add x 2>&1 | grep -o "index.lock': File exists"; touch $DIR/out; wait $commit; echo $?
        echo '# a reference'
        python3 - $work <<'PY'
        import os, subprocess, sys
        lock = os.open(".git/refs/heads/t.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        there = subprocess.run(["git", "-C", sys.argv[1], "update-ref", "refs/heads/t", "HEAD"], capture_output=True, text=True)
        print(there.returncode, "t.lock': File exists" in there.stderr)
        os.close(lock); os.unlink(".git/refs/heads/t.lock")
        PY
        git -C $work update-ref refs/heads/t HEAD; echo $?; git -C $work log --format=%s; find $work -name '*.lock'
        """, timeout: 60)
      #expect(
        result.output == """
          # there
          index.lock': File exists
          added
          # here
          index.lock': File exists
          0
          # a reference
          128 True
          0
          two
          one

          """, "\(result.output) \(result.errors)")
    }
  }

  /// What neither removes nor replaces a file that is stored works there too, and leaves nothing that it did not mean to.
  @Test func gitMakeAndSQLiteWriteOnABareServer() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=T GIT_CONFIG_KEY_1=user.email \
          GIT_CONFIG_VALUE_1=t@example.com GIT_CONFIG_KEY_2=safe.directory GIT_CONFIG_VALUE_2='*' \
          GIT_CONFIG_KEY_3=init.defaultBranch GIT_CONFIG_VALUE_3=main
        cd 1/files; work=$DIR/bare/1
        git init -q r && cd r && echo 1 > x && git add x && git commit -qm one && git status --porcelain
        echo 2 > x && git commit -qam two && git log --format=%s && git fsck --strict; echo $?
        cd ..; git clone -q r c; echo $?; git -C c log --format=%s; cat c/x
        git -C r rm -q x 2>&1 | grep -o 'Operation not permitted'; cat $work/r/x
        # What it packs stays beside the pack: the server cannot remove it.
        git -C r gc -q 2>&1 | grep -o 'unable to unlink.*: Operation not permitted' | sed "s/ '.*'//" | sort -u
        git -C r fsck --strict; echo $?
        sqlite3 db 'create table t(x); insert into t values(1), (2)' && sqlite3 $work/db 'select sum(x) from t'
        sqlite3 db 'begin; insert into t values(10); rollback; insert into t values(4); select sum(x) from t'
        printf 'all: a\\na: b\\n\\tcp b a\\n' > Makefile; echo b > b; make -s && make -q && cat $work/a
        """, timeout: 60)
      #expect(
        result.output == """
          two
          one
          0
          0
          two
          one
          2
          Operation not permitted
          2
          unable to unlink: Operation not permitted
          0
          3
          7
          b

          """, "\(result.output) \(result.errors)")
      try await bed.endMount()
      // The server has what git has, and none of what git and SQLite remove again.
      let left = try await bed.sh(
        """
        cd $DIR/bare/1; git -C r -c safe.directory='*' status --porcelain; git -C r -c safe.directory='*' log --format=%s
        find . -name '*.lock' -o -name 'tmp_*' -o -name '*.new' -o -path './db?*' -o -path '*/.git/t??????'
        ls r/.git/objects/pack/*.pack | wc -l
        """)
      #expect(left.output == "two\none\n1\n", "\(left.output) \(left.errors)")
    }
  }
}

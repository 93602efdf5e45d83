import Testing

@testable import BerayCommand

@Suite struct RedactionTests {
  private let redaction = Redaction(
    environment: ["HOME": "/home/mia", "ANTHROPIC_API_KEY": "abc-0123456789", "BERAY_TOKEN_FILE": "/etc/token-file"],
    user: "mia", secrets: ["a-token-that-is-long"])

  @Test(arguments: [
    ("key abc-0123456789 used", "key [secret] used"),
    ("Authorization: Bearer eyJhbGciOi.x.y", "Authorization: Bearer [secret]"),
    ("got sk-ant-api03-AbCdEf_12345678", "got [secret]"),
    ("https://mia:pass@example.org/x", "https://[secret]@example.org/x"),
    ("write to mia.m@example.org", "write to [address]"),
    ("read 42-write-my-will/files/a.txt: EIO", "read 42-[goal]/files/a.txt: EIO"),
    ("/home/mia/beray/last", "~/beray/last"),
    ("owner mia", "owner [user]"),
    ("a-token-that-is-long", "[secret]"),
    ("2026-11-26T08:20:09.973Z info x", "2026-11-26T08:20:09.973Z info x"),
    ("/etc/token-file", "/etc/token-file"),
  ])
  func whatAStrangerIsNotToRead(_ text: String, _ redacted: String) {
    #expect(redaction.text(text) == redacted)
  }

  @Test func namesOfSecrets() {
    for name in ["BERAY_TOKEN", "OPENAI_API_KEY", "password", "GH_AUTH"] { #expect(Redaction.isSecret(name)) }
    for name in ["BERAY_URL", "BERAY_TOKEN_FILE", "agent"] { #expect(!Redaction.isSecret(name)) }
  }
}

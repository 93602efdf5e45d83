import Testing
@Test func placeholderBerayClientTests() {}

import Testing
@Test func placeholderBerayAPITests() {}

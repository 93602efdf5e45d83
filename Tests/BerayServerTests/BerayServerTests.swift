import Testing
@Test func placeholderBerayServerTests() {}

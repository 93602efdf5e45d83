import Testing
@Test func placeholderMountTests() {}

import Testing
@Test func placeholderBerayFSTests() {}

extension WorkDirectory {
  func forgotten() { tree.nodeWasForgotten() }
}

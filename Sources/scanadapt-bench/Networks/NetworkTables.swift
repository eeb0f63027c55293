import Graphs

extension NetworkTimer {
  /// Each network's jobs.
  func table(of networks: [Architecture], _ jobs: [Job], batch: Int, size: Int) throws -> [NetworkRow] {
    print("\nNetworks, \(threads) threads\n" + NetworkRow.header)
    var rows: [NetworkRow] = []
    for network in networks {
      try checkOperations(network, size: size)
      for job in jobs {
        rows.append(try measure(job, network, batch: batch, size: size))
        print(rows.last!.line)
      }
    }
    return rows
  }

  /// One image at a time, small and large.
  func latencies(of networks: [Architecture], sizes: [Int] = [32, 96, 224]) throws -> [NetworkRow] {
    print("\nOne image, \(threads) threads\n" + NetworkRow.header)
    var rows: [NetworkRow] = []
    for network in networks {
      for size in sizes {
        rows.append(try measure(.inference, network, batch: 1, size: size))
        print(rows.last!.line)
      }
    }
    return rows
  }
}

import CKernels
import Testing

private let windows = [(3, 2, 1), (2, 2, 0), (3, 1, 1), (4, 3, 0), (1, 2, 0)].map { sa_window(size: $0.0, stride: $0.1, padding: $0.2) }

@Suite("Pooling kernels")
struct KernelPoolingTests {
  @Test("Maximum and average over a window, and their adjoints", arguments: [false, true])
  func windowed(accumulating: Bool) {
    var random = TestValues(seed: 21)
    for window in windows {
      for (n, h, w, c) in [(2, 7, 9, 13), (1, 4, 5, 40), (3, 12, 6, 70)] {
        let x = TestMap(n, h, w, c, spare: 1, from: &random)
        let (height, width) = (
          (h + 2 * window.padding - window.size) / window.stride + 1, (w + 2 * window.padding - window.size) / window.stride + 1
        )
        let (most, mean) = (TestMap(n, height, width, c, spare: 1) { .nan }, TestMap(n, height, width, c, spare: 1) { .nan })
        let dy = TestMap(n, height, width, c, from: &random)
        var winner = [UInt8](repeating: 255, count: n * height * width * sa_padded(c))
        sa_max_pool(most.map, &winner, x.map, sa_prologue(), window, nil)
        sa_average_pool(mean.map, x.map, sa_prologue(), window, nil)
        let mode = accumulating ? SA_ACCUMULATES : SA_WRITES
        let (dMost, dMean) = (x.copy(), x.copy())
        sa_max_pool_backward(dMost.map, dy.map, winner, window, mode, nil)
        sa_average_pool_backward(dMean.map, dy.map, window, mode, nil)
        #expect(most.marginsAreIntact && mean.marginsAreIntact && dMost.marginsAreIntact && dMean.marginsAreIntact)

        let (expectedMost, expectedMean) = (x.copy(), x.copy())
        if !accumulating {
          for image in 0..<n {
            for (i, j) in pixels(of: x, image) { for k in 0..<c { (expectedMost[image, i, j, k], expectedMean[image, i, j, k]) = (0, 0) } }
          }
        }
        for image in 0..<n {
          for (row, column) in pixels(of: most, image) {
            for channel in 0..<c {
              var best: (value: Float, row: Int, column: Int)?
              var sum: Float = 0
              for u in 0..<window.size {
                for v in 0..<window.size {
                  let (i, j) = (row * window.stride - window.padding + u, column * window.stride - window.padding + v)
                  guard (0..<h).contains(i), (0..<w).contains(j) else { continue }
                  let value = x[image, i, j, channel]
                  if best.map({ value > $0.value }) ?? true { best = (value, i, j) }
                  sum += value
                  expectedMean[image, i, j, channel] += dy[image, row, column, channel] / Float(window.size * window.size)
                }
              }
              #expect(most[image, row, column, channel] == best!.value)
              #expect(abs(mean[image, row, column, channel] - sum / Float(window.size * window.size)) < 1e-6)
              expectedMost[image, best!.row, best!.column, channel] += dy[image, row, column, channel]
            }
          }
        }
        #expect(relativeError(dMost.values, expectedMost.values) < 1e-6)
        #expect(relativeError(dMean.values, expectedMean.values) < 1e-6)
      }
    }
  }

  @Test("A prologue acts before the window; padding stays out of the maximum and is zero in the mean")
  func prologue() {
    var random = TestValues(seed: 22)
    let x = TestMap(2, 6, 5, 11, from: &random)
    let (scale, shift) = (random.values(11), random.values(11).map { $0 - 1 })
    withAffine(scale, shift, perImage: 0) { affine in
      let ready = x.copy()
      sa_affine_activate(ready.map, x.map, affine, sa_map(), sa_affine(), SA_RELU6, nil)
      for window in windows {
        let size = ((6 + 2 * window.padding - window.size) / window.stride + 1, (5 + 2 * window.padding - window.size) / window.stride + 1)
        let maps = (0..<4).map { _ in TestMap(2, size.0, size.1, 11) { .nan } }
        let fused = sa_prologue(affine: affine, activation: SA_RELU6)
        sa_max_pool(maps[0].map, nil, x.map, fused, window, nil)
        sa_max_pool(maps[1].map, nil, ready.map, sa_prologue(), window, nil)
        sa_average_pool(maps[2].map, x.map, fused, window, nil)
        sa_average_pool(maps[3].map, ready.map, sa_prologue(), window, nil)
        #expect(relativeError(maps[0].values, maps[1].values) < 1e-6 && relativeError(maps[2].values, maps[3].values) < 1e-6)
      }
      let (fused, plain) = (TestMap(2, 1, 1, 11) { .nan }, TestMap(2, 1, 1, 11) { .nan })
      sa_global_average(fused.map, x.map, sa_prologue(affine: affine, activation: SA_RELU6), nil)
      sa_global_average(plain.map, ready.map, sa_prologue(), nil)
      #expect(relativeError(fused.values, plain.values) < 1e-6)
    }
  }

  @Test("What won a maximum, as it was before the prologue, gives the maximum through the prologue")
  func enteredValues() {
    var random = TestValues(seed: 24)
    for (n, h, w, c) in [(2, 7, 9, 13), (1, 4, 5, 40), (3, 12, 6, 70)] {
      let x = TestMap(n, h, w, c, spare: 1, from: &random)
      withAffine(random.values(c), random.values(c), perImage: 0) { affine in
        for window in windows {
          let size = (
            (h + 2 * window.padding - window.size) / window.stride + 1, (w + 2 * window.padding - window.size) / window.stride + 1
          )
          let maps = (0..<4).map { _ in TestMap(n, size.0, size.1, c, spare: 1) { .nan } }
          let prologue = sa_prologue(affine: affine, activation: SA_RELU)
          sa_max_pool(maps[0].map, nil, x.map, prologue, window, nil)
          sa_max_pool_inputs(maps[1].map, maps[2].map, x.map, prologue, window, nil)
          sa_affine_activate(maps[3].map, maps[2].map, affine, sa_map(), sa_affine(), SA_RELU, nil)
          #expect(maps[1].values == maps[0].values)
          #expect(relativeError(maps[3].values, maps[0].values) < 1e-6)
          #expect(maps[1].marginsAreIntact && maps[2].marginsAreIntact)
          // A value of the window, not some other that happens to give the same.
          let (image, row, column, channel) = (n - 1, size.0 - 1, size.1 - 1, c - 1)
          let seen = pixels(of: x, image).map { x[image, $0, $1, channel] }
          #expect(seen.contains(maps[2][image, row, column, channel]))
        }
      }
    }
  }

  @Test("NaN wins a maximum, as in PyTorch")
  func notANumber() {
    let x = TestMap(1, 3, 3, 1) { 1 }
    x[0, 2, 2, 0] = .nan
    let y = TestMap(1, 2, 2, 1) { 0 }
    sa_max_pool(y.map, nil, x.map, sa_prologue(), sa_window(size: 2, stride: 1, padding: 0), nil)
    #expect(y[0, 1, 1, 0].isNaN && y[0, 0, 0, 0] == 1)
  }

  @Test("The global average and its gradient")
  func global() {
    var random = TestValues(seed: 23)
    for (n, h, w, c) in [(1, 1, 1, 3), (2, 7, 7, 100), (3, 9, 11, 16)] {
      let x = TestMap(n, h, w, c, spare: 1, from: &random)
      let (y, dx) = (TestMap(n, 1, 1, c) { .nan }, x.copy())
      sa_global_average(y.map, x.map, sa_prologue(), nil)
      sa_global_average_backward(dx.map, y.map, SA_ACCUMULATES, nil)
      #expect(y.marginsAreIntact && dx.marginsAreIntact)
      for image in 0..<n {
        for channel in 0..<c {
          let mean = pixels(of: x, image).map { Double(x[image, $0, $1, channel]) }.reduce(0, +) / Double(h * w)
          #expect(abs(Double(y[image, 0, 0, channel]) - mean) < 1e-6)
          let expected = x[image, 0, 0, channel] + Float(mean) / Float(h * w)
          #expect(abs(dx[image, 0, 0, channel] - expected) < 1e-6)
        }
      }
    }
  }
}

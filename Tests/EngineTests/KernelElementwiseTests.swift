import CKernels
import Foundation
import Testing

@Suite("Elementwise, rearranging, loss and optimizer kernels")
struct KernelElementwiseTests {
  @Test("Scaling, adding and multiplying maps, writing and accumulating")
  func arithmetic() {
    var random = TestValues(seed: 31)
    for c in [1, 8, 13, 300] {
      let (a, b) = (TestMap(2, 3, 5, c, spare: 1, from: &random), TestMap(2, 3, 5, c, from: &random))
      for mode in [SA_WRITES, SA_ACCUMULATES] {
        let (scaled, product) = (b.copy(), a.copy())
        sa_scale(scaled.map, a.map, 2.5, mode, nil)
        sa_multiply(product.map, a.map, b.map, mode, nil)
        let kept: Float = mode == SA_ACCUMULATES ? 1 : 0
        #expect(relativeError(scaled.values, zip(a.values, b.values).map { 2.5 * $0 + kept * $1 }) < 1e-6)
        #expect(relativeError(product.values, zip(a.values, b.values).map { $0 * $1 + kept * $0 }) < 1e-6)
        #expect(scaled.marginsAreIntact && product.marginsAreIntact)
      }
      let sum = a.copy()
      sa_add(sum.map, sum.map, b.map, nil)
      #expect(sum.values == zip(a.values, b.values).map { $0 + $1 } && sum.marginsAreIntact)
      sa_clear(sum.map, nil)
      #expect(sum.values.allSatisfy { $0 == 0 } && sum.marginsAreIntact)
    }
  }

  @Test("Channel ranges move at any offset and leave the others alone")
  func channels() {
    var random = TestValues(seed: 32)
    let (x, start) = (TestMap(2, 3, 4, 11, from: &random), TestMap(2, 3, 4, 21, spare: 1, from: &random))
    for (to, from, count) in [(0, 0, 11), (10, 0, 11), (5, 3, 7), (16, 6, 5)] {
      for mode in [SA_WRITES, SA_ACCUMULATES] {
        let y = start.copy()
        sa_copy_channels(y.map, to, x.map, from, count, mode, nil)
        #expect(y.marginsAreIntact)
        for image in 0..<2 {
          for (row, column) in pixels(of: y, image) {
            for channel in 0..<21 {
              let before = start[image, row, column, channel]
              let moved = (to..<to + count).contains(channel) ? x[image, row, column, channel - to + from] : nil
              let expected = moved.map { mode == SA_WRITES ? $0 : before + $0 } ?? before
              #expect(y[image, row, column, channel] == expected)
            }
          }
        }
      }
    }
  }

  @Test("Subsampling pads channels, its gradient undoes it; NCHW and back is the identity")
  func subsampling() {
    var random = TestValues(seed: 33)
    let x = TestMap(2, 5, 7, 10, from: &random)
    let (y, dx) = (TestMap(2, 3, 4, 20, spare: 1) { .nan }, x.copy())
    sa_subsample(y.map, x.map, 2, 5, nil)
    sa_subsample_backward(dx.map, y.map, 2, 5, SA_ACCUMULATES, nil)
    #expect(y.marginsAreIntact && dx.marginsAreIntact)
    for image in 0..<2 {
      for (row, column) in pixels(of: y, image) {
        for channel in 0..<20 {
          let expected = (5..<15).contains(channel) ? x[image, 2 * row, 2 * column, channel - 5] : 0
          #expect(y[image, row, column, channel] == expected)
        }
      }
      for (row, column) in pixels(of: x, image) {
        let factor: Float = row % 2 == 0 && column % 2 == 0 ? 2 : 1
        #expect((0..<10).allSatisfy { dx[image, row, column, $0] == factor * x[image, row, column, $0] })
      }
    }
    let planes = KernelBuffer(2 * 10 * 5 * 7)
    let back = TestMap(2, 5, 7, 10, spare: 1) { .nan }
    sa_to_nchw(planes.pointer, x.map, nil)
    sa_from_nchw(back.map, planes.pointer, nil)
    #expect(back.values == x.values && back.marginsAreIntact)
    #expect(planes.values[(1 * 10 + 3) * 35 + 2 * 7 + 6] == x[1, 2, 6, 3])
  }

  @Test("Cross-entropy's gradient is the slope of its value, with class weights, smoothing and images without a target")
  func crossEntropy() {
    var random = TestValues(seed: 34)
    let logits = TestMap(4, 1, 1, 5, from: &random)
    let targets: [Int32] = [2, -1, 0, 4]
    let weights: [Float] = [0.5, 1, 2, 1.5, 0.25]
    for smoothing in [Float(0), 0.1] {
      let gradient = logits.copy()
      let loss = sa_cross_entropy(gradient.map, logits.map, targets, weights, smoothing)
      #expect(abs(loss - definition(logits, targets, weights, Double(smoothing))) < 1e-6)
      for image in 0..<4 {
        for channel in 0..<5 {
          let (up, down) = (logits.copy(), logits.copy())
          up[image, 0, 0, channel] += 1e-2
          down[image, 0, 0, channel] -= 1e-2
          let slope = (definition(up, targets, weights, Double(smoothing)) - definition(down, targets, weights, Double(smoothing))) / 2e-2
          #expect(abs(Double(gradient[image, 0, 0, channel]) - slope) < 1e-4)
        }
      }
    }
    let none = sa_cross_entropy(sa_map(), logits.map, [-1, -1, -1, -1], nil, 0)
    #expect(none.isNaN)
  }

  private func definition(_ logits: TestMap, _ targets: [Int32], _ weights: [Float], _ smoothing: Double) -> Double {
    var (loss, total) = (0.0, 0.0)
    for (image, target) in targets.enumerated() where target >= 0 {
      let z = (0..<5).map { Double(logits[image, 0, 0, $0]) }
      let partition = log(z.map { exp($0) }.reduce(0, +))
      let weight = Double(weights[Int(target)])
      loss += (1 - smoothing) * weight * (partition - z[Int(target)])
      for c in 0..<5 { loss += smoothing / 5 * Double(weights[c]) * (partition - z[c]) }
      total += weight
    }
    return loss / total
  }

  @Test("SGD and AdamW follow their formulas over several steps, decaying to 0 or to an anchor", arguments: [false, true])
  func optimizers(anchored: Bool) {
    var random = TestValues(seed: 35)
    let pool = sa_pool_create(2)
    defer { sa_pool_destroy(pool) }
    for count in [1, 7, 40_003] {
      let start = random.values(count)
      let anchor = anchored ? random.values(count) : nil
      func distance(_ value: Double, _ index: Int) -> Double { value - Double(anchor?[index] ?? 0) }
      for nesterov in [false, true] {
        let (p, buffer) = (KernelBuffer(start), KernelBuffer(count))
        var (q, b) = (start.map(Double.init), [Double](repeating: 0, count: count))
        for step in 0..<3 {
          let g = random.values(count)
          sa_sgd_update(p.pointer, buffer.pointer, g, anchor, count, 0.1, 0.9, 0.01, nesterov, step == 0, 0.5, pool)
          for i in 0..<count {
            let slope = 0.5 * Double(g[i]) + 0.01 * distance(q[i], i)
            b[i] = step == 0 ? slope : 0.9 * b[i] + slope
            q[i] -= 0.1 * (nesterov ? slope + 0.9 * b[i] : b[i])
          }
        }
        #expect(relativeError(p.values.map(Double.init), q) < 1e-6)
      }
      let (p, first, second) = (KernelBuffer(start), KernelBuffer(count, filledWith: 0), KernelBuffer(count, filledWith: 0))
      var (q, m, v) = (start.map(Double.init), [Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
      for step in 1...3 {
        let g = random.values(count)
        sa_adamw_update(p.pointer, first.pointer, second.pointer, g, anchor, count, 0.01, 0.9, 0.999, 1e-8, 0.1, step, 1, pool)
        for i in 0..<count {
          m[i] = 0.9 * m[i] + 0.1 * Double(g[i])
          v[i] = 0.999 * v[i] + 0.001 * Double(g[i]) * Double(g[i])
          let (mHat, vHat) = (m[i] / (1 - pow(0.9, Double(step))), v[i] / (1 - pow(0.999, Double(step))))
          q[i] -= 0.01 * 0.1 * distance(q[i], i) + 0.01 * mHat / (vHat.squareRoot() + 1e-8)
        }
      }
      #expect(relativeError(p.values.map(Double.init), q) < 1e-5)
      let squares = start.map { Double($0) * Double($0) }.reduce(0, +)
      #expect(abs(sa_sum_of_squares(start, count, pool) - squares) < 1e-12 * squares + 1e-15)
    }
  }

  @Test("A pool runs every piece once, job after job")
  func pool() {
    for threads in [1, 2, 5] {
      let pool = sa_pool_create(Int32(threads))
      defer { sa_pool_destroy(pool) }
      #expect(sa_pool_threads(pool) == Int32(threads))
      var counts = [Int32](repeating: 0, count: 100)
      counts.withUnsafeMutableBytes { bytes in
        for pieces in [0, 1, 3, 100] {
          for _ in 0..<50 {
            sa_pool_run(pool, { context, piece, _ in context!.assumingMemoryBound(to: Int32.self)[piece] += 1 }, bytes.baseAddress, pieces)
          }
        }
      }
      #expect(counts[0] == 150 && counts[2] == 100 && counts[50] == 50)
    }
  }
}

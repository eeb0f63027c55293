import CKernels
import Testing

private let shapes = [(1, 1, 1, 1), (2, 5, 7, 13), (3, 9, 8, 64), (1, 12, 11, 270), (2, 3, 70, 24)]

@Suite("Normalization kernels")
struct KernelNormalizationTests {
  @Test("Moments are the mean and squared deviations of each image and channel, also far from zero")
  func moments() {
    var random = TestValues(seed: 11)
    for (n, h, w, c) in shapes {
      let x = TestMap(n, h, w, c, spare: 1) { 300 + random.value() }
      var mean = [Double](repeating: .nan, count: n * c)
      var m2 = mean
      sa_channel_moments(&mean, &m2, x.map, nil)
      for image in 0..<n {
        for channel in 0..<c {
          let values = pixels(of: x, image).map { Double(x[image, $0, $1, channel]) }
          let average = values.reduce(0, +) / Double(values.count)
          let squares = values.map { ($0 - average) * ($0 - average) }.reduce(0, +)
          #expect(abs(mean[image * c + channel] - average) < 1e-4)
          #expect(abs(m2[image * c + channel] - squares) <= 1e-4 * squares + 1e-12)
        }
      }
    }
  }

  @Test("y = activation(a x + b + (a' r + b')), in place too", arguments: [SA_NO_ACTIVATION, SA_RELU, SA_RELU6])
  func affine(activation: sa_activation) {
    var random = TestValues(seed: 12)
    for (n, h, w, c) in shapes {
      let (x, r) = (TestMap(n, h, w, c, spare: 1, from: &random), TestMap(n, h, w, c, from: &random))
      let (a, b, ra, rb) = (random.values(n * c).map { 9 * $0 }, random.values(n * c), random.values(c), random.values(c))
      for residual in 0...2 {
        let y = x.copy()
        withAffine(a, b, perImage: c) { affine in
          withAffine(ra, rb, perImage: 0) { other in
            sa_affine_activate(
              y.map, y.map, affine, residual > 0 ? r.map : sa_map(), residual > 1 ? other : sa_affine(), activation, nil)
          }
        }
        #expect(y.marginsAreIntact)
        for image in 0..<n {
          for (row, column) in pixels(of: x, image) {
            for channel in 0..<c {
              let z = Double(a[image * c + channel]) * Double(x[image, row, column, channel]) + Double(b[image * c + channel])
              let added = Double(r[image, row, column, channel])
              let residualValue = residual == 0 ? 0 : residual == 1 ? added : Double(ra[channel]) * added + Double(rb[channel])
              #expect(abs(Double(y[image, row, column, channel]) - activated(z + residualValue, activation)) < 1e-5)
            }
          }
        }
      }
    }
  }

  @Test(
    "Backward sums and the affine pass follow the mask, from the output or recomputed", arguments: [SA_NO_ACTIVATION, SA_RELU, SA_RELU6])
  func backward(activation: sa_activation) {
    var random = TestValues(seed: 13)
    for (n, h, w, c) in shapes {
      let (x, r, dy) = (
        TestMap(n, h, w, c, from: &random), TestMap(n, h, w, c, from: &random), TestMap(n, h, w, c, spare: 1, from: &random)
      )
      let (a, b) = (random.values(c).map { 9 * $0 }, random.values(c))
      let (center, ka, kb, kc) = (random.values(c), random.values(n * c), random.values(n * c), random.values(n * c))
      for source in 0...2 {
        let y = x.copy()
        withAffine(a, b, perImage: 0) { affine in
          sa_affine_activate(y.map, x.map, affine, source == 2 ? r.map : sa_map(), sa_affine(), activation, nil)
          var mask = sa_activation_mask()
          mask.activation = activation
          if source == 0 { mask.output = y.map } else { mask.affine = affine }
          if source == 2 { mask.residual = r.map }
          var sums = [Double](repeating: .nan, count: n * c)
          var products = sums
          sa_backward_sums(&sums, &products, dy.map, x.map, center, 0, mask, nil)
          let (dx, dz) = (x.copy(), r.copy())
          ka.withUnsafeBufferPointer { ka in
            kb.withUnsafeBufferPointer { kb in
              kc.withUnsafeBufferPointer { kc in
                let coefficients = sa_backward_affine(a: ka.baseAddress, b: kb.baseAddress, c: kc.baseAddress, image_stride: c)
                sa_backward_affine_apply(dx.map, dz.map, dy.map, x.map, coefficients, mask, SA_WRITES, SA_ACCUMULATES, nil)
              }
            }
          }
          #expect(dx.marginsAreIntact && dz.marginsAreIntact)
          for image in 0..<n {
            for channel in 0..<c {
              var (sum, product) = (0.0, 0.0)
              for (row, column) in pixels(of: x, image) {
                let output = y[image, row, column, channel]
                let passes = activation == SA_NO_ACTIVATION || (output > 0 && (activation == SA_RELU || output < 6))
                let g = passes ? Double(dy[image, row, column, channel]) : 0
                let value = Double(x[image, row, column, channel])
                sum += g
                product += g * (value - Double(center[channel]))
                let at = image * c + channel
                let expected = Double(ka[at]) * g + Double(kb[at]) * value + Double(kc[at])
                #expect(abs(Double(dx[image, row, column, channel]) - expected) < 1e-5)
                #expect(abs(Double(dz[image, row, column, channel]) - (Double(r[image, row, column, channel]) + g)) < 1e-6)
              }
              #expect(abs(sums[image * c + channel] - sum) < 1e-4 && abs(products[image * c + channel] - product) < 1e-4)
            }
          }
        }
      }
    }
  }

  @Test("Backward sums over whole wide pixels and over a slice of wider ones are the sums", arguments: [0, 1])
  func wideBackwardSums(spare: Int) {
    var random = TestValues(seed: 15)
    let (n, c) = (16, 256)
    let (x, dy) = (TestMap(n, 5, 13, c, spare: spare, from: &random), TestMap(n, 5, 13, c, spare: spare, from: &random))
    let (a, b, center) = (random.values(c), random.values(c), random.values(c))
    var sums = [Double](repeating: .nan, count: n * c)
    var products = sums
    withAffine(a, b, perImage: 0) { affine in
      var mask = sa_activation_mask()
      mask.activation = SA_RELU
      mask.affine = affine
      sa_backward_sums(&sums, &products, dy.map, x.map, center, 0, mask, nil)
    }
    for image in 0..<n {
      for channel in 0..<c {
        var (sum, product) = (0.0, 0.0)
        for (row, column) in pixels(of: x, image) {
          let value = x[image, row, column, channel]
          guard a[channel] * value + b[channel] > 0 else { continue }
          let g = Double(dy[image, row, column, channel])
          sum += g
          product += g * (Double(value) - Double(center[channel]))
        }
        #expect(abs(sums[image * c + channel] - sum) < 1e-4 && abs(products[image * c + channel] - product) < 1e-4)
      }
    }
  }

  @Test("Channel sums run over images and pixels")
  func channelSums() {
    var random = TestValues(seed: 14)
    let x = TestMap(3, 9, 8, 21, from: &random)
    var sums = [Double](repeating: .nan, count: 21)
    sa_channel_sums(&sums, x.map, nil)
    for channel in 0..<21 {
      let expected = (0..<3).flatMap { image in pixels(of: x, image).map { Double(x[image, $0, $1, channel]) } }.reduce(0, +)
      #expect(abs(sums[channel] - expected) < 1e-5)
    }
  }
}

/// Row and column of every pixel.
func pixels(of map: TestMap, _ image: Int) -> [(Int, Int)] {
  (0..<map.map.h).flatMap { row in (0..<map.map.w).map { (row, $0) } }
}

func activated(_ value: Double, _ activation: sa_activation) -> Double {
  switch activation {
  case SA_RELU: max(value, 0)
  case SA_RELU6: min(max(value, 0), 6)
  default: value
  }
}

func withAffine(_ scale: [Float], _ shift: [Float], perImage stride: Int, _ body: (sa_affine) -> Void) {
  scale.withUnsafeBufferPointer { scale in
    shift.withUnsafeBufferPointer { shift in
      body(sa_affine(scale: scale.baseAddress, shift: shift.baseAddress, image_stride: stride))
    }
  }
}

/// `sum a b`.
package func dot(_ left: [Double], _ right: [Double]) -> Double {
  left.withUnsafeBufferPointer { left in
    right.withUnsafeBufferPointer { right in
      var sum = 0.0
      for index in left.indices { sum += left[index] * right[index] }
      return sum
    }
  }
}

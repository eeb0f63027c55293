/// A decoded image after the color and alpha rules: one plane of samples, or three, still as stored.
struct ChannelPlanes {
  let width: Int
  let height: Int
  /// 8 for a palette's colors whatever the depth of its index.
  let bitDepth: Int
  /// One gray plane, or red, green and blue.
  let planes: [[UInt16]]
  let notes: Set<PixelNote>
}

extension DecodedImage {
  /// The image as one gray plane under explicit rules.
  public func gray(_ conversion: GrayConversion, alpha: AlphaRule = .opaqueOnly) throws(PixelError) -> GrayImage {
    let channels = try channelPlanes(conversion, alpha, keepingColor: false)
    return GrayImage(width: width, height: height, bitDepth: channels.bitDepth, samples: channels.planes[0])
  }

  func channelPlanes(_ conversion: GrayConversion, _ rule: AlphaRule, keepingColor: Bool) throws(PixelError) -> ChannelPlanes {
    var notes: Set<PixelNote> = []
    if let transparency = try transparency() {
      guard transparency == .opaque || rule == .discard else { throw .transparency }
      notes.insert(transparency == .opaque ? .opaqueAlphaDropped : .alphaDiscarded)
    }
    let stored = try storedPlanes()
    if color == .palette { notes.insert(.paletteExpanded) }
    let depth = color == .palette ? 8 : bitDepth

    func result(_ planes: [[UInt16]], _ note: PixelNote? = nil) -> ChannelPlanes {
      if let note { notes.insert(note) }
      return ChannelPlanes(width: width, height: height, bitDepth: depth, planes: planes, notes: notes)
    }
    guard stored.count == 3 else { return result(stored) }
    let equal = stored[0] == stored[1] && stored[1] == stored[2]
    switch conversion {
    case .refuse: throw .color(channelsDiffer: !equal)
    case .equalChannelsOnly where equal: return result([stored[0]], .equalChannelsMerged)
    case .equalChannelsOnly where keepingColor: return result(stored)
    case .equalChannelsOnly: throw .color(channelsDiffer: true)
    case .luminance where equal: return result([stored[0]], .equalChannelsMerged)
    case .luminance: return result([luminance(stored)], .luminanceTaken)
    }
  }

  /// The color samples without alpha: one plane for gray files, three for color and palette files.
  private func storedPlanes() throws(PixelError) -> [[UInt16]] {
    switch color {
    case .gray: return [samples]
    case .grayAlpha: return [plane(0)]
    case .rgb, .rgbAlpha: return [plane(0), plane(1), plane(2)]
    case .palette:
      if let index = samples.max(), Int(index) >= palette.count {
        throw .paletteIndexOutOfRange(index: Int(index), entries: palette.count)
      }
      return [\PaletteEntry.red, \.green, \.blue].map { component in
        let table = palette.map { UInt16($0[keyPath: component]) }
        return samples.map { table[Int($0)] }
      }
    }
  }

  private func plane(_ channel: Int) -> [UInt16] {
    let channels = color.channels
    return samples.withUnsafeBufferPointer { all in
      [UInt16](unsafeUninitializedCapacity: width * height) { plane, count in
        for pixel in 0..<(width * height) { plane[pixel] = all[pixel * channels + channel] }
        count = width * height
      }
    }
  }

  private func luminance(_ planes: [[UInt16]]) -> [UInt16] {
    (0..<planes[0].count).map { pixel in
      let (red, green, blue) = (UInt32(planes[0][pixel]), UInt32(planes[1][pixel]), UInt32(planes[2][pixel]))
      return UInt16((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16)
    }
  }
}

extension DecodedImage {
  private enum Transparency { case opaque, partial }

  /// nil when the file has neither an alpha channel nor tRNS.
  private func transparency() throws(PixelError) -> Transparency? {
    switch color {
    case .grayAlpha, .rgbAlpha:
      let fullScale = UInt16((1 << bitDepth) - 1)
      let channels = color.channels
      return stride(from: channels - 1, to: samples.count, by: channels).allSatisfy { samples[$0] == fullScale } ? .opaque : .partial
    case .palette:
      guard palette.contains(where: { $0.alpha != 255 }) else { return nil }
      let partial = Set(palette.indices.filter { palette[$0].alpha != 255 }.map { UInt16($0) })
      return samples.contains { partial.contains($0) } ? .partial : .opaque
    case .gray:
      return transparentKey.map { key in samples.contains(key[0]) ? .partial : .opaque }
    case .rgb:
      return transparentKey.map { key in
        stride(from: 0, to: samples.count, by: 3).contains { samples[$0..<($0 + 3)].elementsEqual(key) } ? .partial : .opaque
      }
    }
  }
}

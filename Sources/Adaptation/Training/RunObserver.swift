/// What the person's side hands in: where progress goes, whether to stop, and a clock. None of it changes a bit of the result.
public struct RunObserver<Event: Sendable>: Sendable {
  public var report: @Sendable (Event) -> Void
  /// Asked at every step boundary; true ends the run with what can be kept saved, and throws.
  public var shouldStop: @Sendable () -> Bool
  /// Monotonic seconds; nil measures no time.
  public var seconds: (@Sendable () -> Double)?

  public init(
    report: @escaping @Sendable (Event) -> Void = { _ in }, shouldStop: @escaping @Sendable () -> Bool = { false },
    seconds: (@Sendable () -> Double)? = nil
  ) {
    self.report = report
    self.shouldStop = shouldStop
    self.seconds = seconds
  }

  /// An observer for a part of the run, whose events are wrapped in this one's.
  public func observing<Part: Sendable>(_ wrap: @escaping @Sendable (Part) -> Event) -> RunObserver<Part> {
    RunObserver<Part>(report: { [report] in report(wrap($0)) }, shouldStop: shouldStop, seconds: seconds)
  }
}

import Adaptation
import Testing

@Suite("A strategy and its settings in one line")
struct StrategySpecificationTests {
  @Test(
    "What is written is what is read",
    arguments: [
      "bn-only", "instance-norm", "instance-norm:layers=layer1.*+layer2.*", "instance-norm:stages=2,channels=half",
      "instance-norm-affine:channels=icc,threshold=0.25,rematch=yes", "empirical-bayes:variance=momentExact",
    ])
  func roundTrip(text: String) throws {
    #expect(try StrategyCatalogue.strategy(specified: text).specification == text)
  }

  @Test("A setting at its default isn't shown")
  func defaults() throws {
    #expect(try StrategyCatalogue.strategy(specified: "instance-norm:layers=all").specification == "instance-norm")
  }

  @Test(
    "What can't be meant is refused with what could be",
    arguments: [
      ("bn-only:rank=8", "found the option 'rank' for bn-only; expected none: nothing can be set about it"),
      (
        "instance-norm:layer=all",
        "found the option 'layer' for instance-norm; expected one of layers, stages, channels, threshold, rematch"
      ),
      ("instance-norm:threshold=0.3", "found the option 'threshold' for instance-norm; expected one of layers, stages, channels, rematch"),
      ("recalibrate:variance=momentExact", "found the option 'variance' for recalibrate; expected one of guard, prior, tolerance"),
      ("instance-norm:stages=two", "found stages='two' for instance-norm; expected a whole number, or all"),
      ("instance-norm:layers", "found 'layers' behind 'instance-norm:'; expected OPTION=VALUE, with commas between"),
      (
        "instance-norm:layers=a++b",
        "found layers='a++b' for instance-norm; expected all, or layer patterns with + between, such as layer3.*+layer4.*"
      ),
    ])
  func refusals(text: String, sentence: String) {
    let error = #expect(throws: StrategyOptionError.self) { try StrategyCatalogue.strategy(specified: text) }
    #expect(error?.description == sentence)
  }

  @Test("Each strategy reads back every option it lists")
  func everyOption() throws {
    for strategy in StrategyCatalogue.all {
      #expect(try StrategyCatalogue.strategy(specified: strategy.specification).specification == strategy.specification)
    }
  }
}

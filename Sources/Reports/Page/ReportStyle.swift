/// The report's one style sheet. The page's Content-Security-Policy names its hash, so no other style can act.
///
/// Everything is told apart by shape, line or word, never by colour alone, and prints on paper.
enum ReportStyle {
  static let sheet = """
    :root { --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --paper: #ffffff; --tint: #f6f8fa; --accent: #0b4f8a; }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 28px 24px 60px; max-width: 1240px; color: var(--ink); background: var(--paper);
      font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
    h1 { font-size: 26px; margin: 0 0 2px; }
    h2 { font-size: 19px; margin: 40px 0 10px; padding-bottom: 5px; border-bottom: 1px solid var(--rule); }
    p.lead { color: var(--soft); margin: 0 0 20px; }
    .verdicts { list-style: none; padding: 0; margin: 0; display: grid; gap: 8px; }
    .verdicts li { display: grid; grid-template-columns: 11.5em 1fr; border: 1px solid var(--rule); background: var(--tint); }
    .verdicts b { padding: 10px 14px; letter-spacing: .04em; white-space: nowrap; border-right: 1px solid var(--rule); }
    .verdicts div { padding: 10px 14px; }
    .verdicts small { display: block; color: var(--soft); font-size: 13px; }
    .adapt b { background: var(--ink); color: var(--paper); }
    .leave b { background: var(--paper); box-shadow: inset 0 0 0 2px var(--ink); }
    .unclear b { background: repeating-linear-gradient(135deg, #fff 0 7px, #e3e6ea 7px 14px); }
    .findings { padding: 0; margin: 0; list-style: none; }
    .findings li { padding: 7px 14px; margin: 5px 0; border-left: 4px solid var(--rule); }
    .findings .leak { border: 3px solid #000; font-weight: 600; }
    .findings .caution { border-left-color: var(--ink); background: var(--tint); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; }
    dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
    dd.warning { font-weight: 600; border-left: 4px solid var(--ink); padding-left: 10px; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: 6px; border-bottom: 1px solid var(--rule); vertical-align: top; }
    thead th { border-bottom: 2px solid var(--ink); font-weight: 600; vertical-align: bottom; }
    td { white-space: nowrap; } table.wraps td { white-space: normal; }
    table.last-wraps td:last-child { white-space: normal; min-width: 12em; } td.remark { white-space: normal; color: var(--soft); }
    tbody th { white-space: nowrap; } tr.baseline { background: var(--tint); }
    figure { margin: 0 0 12px; } svg { width: 100%; height: auto; display: block; }
    figcaption { color: var(--soft); font-size: 13.5px; max-width: 70em; }
    details { margin: 6px 0 0; font-size: 13px; } summary { cursor: pointer; color: var(--accent); }
    pre { background: var(--tint); border: 1px solid var(--rule); padding: 10px; overflow: auto; max-height: 320px; font-size: 12px; }
    svg text { font: 12.5px system-ui, "DejaVu Sans", sans-serif; fill: var(--ink); }
    svg text.tick { font-size: 11px; fill: var(--soft); } svg text.strong { font-weight: 600; }
    svg text.number { font-variant-numeric: tabular-nums; font-size: 12px; }
    .grid { stroke: #e3e6ea; } .zero { stroke: var(--ink); stroke-width: 1.4; } .margin { stroke: var(--soft); stroke-dasharray: 5 4; }
    .interval { stroke: var(--ink); stroke-width: 1.8; } .gap { stroke: var(--soft); stroke-dasharray: 2 3; }
    .solid { fill: var(--ink); stroke: var(--ink); } .hollow { fill: var(--paper); stroke: var(--ink); stroke-width: 1.6; }
    .curve { fill: none; stroke: var(--ink); stroke-width: 1.2; opacity: .75; } .dashed { stroke-dasharray: 5 3; stroke: var(--accent); }
    .series { fill: none; stroke: var(--ink); stroke-width: 1.7; } .faint { fill: none; stroke: #d0d7de; stroke-width: 1.1; }
    .dash1 { stroke-dasharray: 7 3; } .dash2 { stroke-dasharray: 2 3; } .dash3 { stroke-dasharray: 9 3 2 3; }
    .dash4 { stroke-dasharray: 14 4; } .dash5 { stroke-dasharray: 4 2 1 2; } .dash6 { stroke-dasharray: 1 5; } .dash7 { stroke-dasharray: 12 3 2 3 2 3; }
    .band { fill: #d9dee4; stroke: none; } .bar { fill: #7d8894; } .bold { stroke-width: 2; opacity: 1; }
    .heat0 { fill: #ffffff; stroke: #e3e6ea; } .heat1 { fill: #d9dee4; } .heat2 { fill: #a3adb8; } .heat3 { fill: #3f4954; }
    svg text.light { fill: var(--paper); }
    .scans { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px; }
    .scans small { display: block; color: var(--soft); font-size: 12px; overflow-wrap: anywhere; }
    footer { margin-top: 44px; padding-top: 10px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 13px; }
    @media (max-width: 640px) { .verdicts li { grid-template-columns: 1fr; } .verdicts b { border-right: 0; } dl { grid-template-columns: 1fr; } }
    @media print { body { max-width: none; padding: 0; font-size: 12px; } details { display: none; } pre { max-height: none; }
      h2, figure, tr, li { break-inside: avoid; } h2 { break-after: avoid; }
      table { font-size: 10.5px; } td, th { padding: 4px 5px; white-space: normal; }
      * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
    """
}

import Mustache

/// The page around the numbers. `{{ }}` escapes; the only unescaped parts are the style sheet, whose hash is in the policy, and pictures,
/// which `SVGDrawing` escaped.
enum ReportTemplate {
  static let page = try! MustacheTemplate(string: source)

  /// A table under its heading, before the plots and after them.
  private static let table = """
    <h2>{{heading}}</h2>
    {{#hasNote}}<p>{{note}}</p>{{/hasNote}}
    <div class="wide">
    <table class="{{sentences}}">
    <thead><tr>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    """

  static let source = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="{{policy}}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <title>{{title}}</title>
    <style>{{{style}}}</style>
    </head>
    <body>
    <header>
    <h1>{{title}}</h1>
    <p class="lead">{{lead}}</p>
    </header>
    <main>
    {{#hasVerdicts}}
    <section aria-label="Verdicts">
    <ul class="verdicts">
    {{#verdicts}}
    <li class="{{kind}}"><b>{{mark}} {{word}}</b><div>{{name}}: {{numbers}}<small>{{because}}</small></div></li>
    {{/verdicts}}
    </ul>
    </section>
    {{/hasVerdicts}}
    {{#leading}}
    \(table)
    {{/leading}}
    {{#lists}}
    <h2>{{heading}}</h2>
    <ul class="findings">
    {{#items}}
    <li class="note">{{.}}</li>
    {{/items}}
    </ul>
    {{/lists}}
    {{#hasFindings}}
    <h2>What to know before believing this</h2>
    <ul class="findings">
    {{#findings}}
    <li class="{{kind}}">{{word}}: {{sentence}}</li>
    {{/findings}}
    </ul>
    {{/hasFindings}}
    {{#hasTable}}
    <h2>The table</h2>
    <div class="wide">
    <table>
    <thead><tr>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr{{#isBaseline}} class="baseline"{{/isBaseline}}><th scope="row">{{name}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}{{#hasRemark}}<td class="remark" colspan="{{span}}">{{remark}}</td>{{/hasRemark}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    {{/hasTable}}
    {{#hasHeader}}
    <h2>What was scored, and how</h2>
    <dl>
    {{#header}}
    <dt>{{label}}</dt><dd{{#isWarning}} class="warning"{{/isWarning}}>{{text}}</dd>
    {{/header}}
    </dl>
    {{/hasHeader}}
    {{#plots}}
    <h2>{{heading}}</h2>
    <figure>
    {{{picture}}}
    <figcaption>{{words}}</figcaption>
    </figure>
    <details><summary>The picture's data as CSV</summary><pre>{{csv}}</pre></details>
    {{/plots}}
    {{#tables}}
    \(table)
    {{/tables}}
    {{#hasGallery}}
    <h2>{{galleryHeading}}</h2>
    <p>{{galleryNote}}</p>
    <ul class="scans">
    {{#pictures}}
    <li><img src="{{uri}}" width="{{width}}" height="{{height}}" alt="{{words}}"><small>{{words}}</small></li>
    {{/pictures}}
    </ul>
    {{/hasGallery}}
    {{#hasRefit}}
    <h2>The same on all patients</h2>
    <pre>{{refit}}</pre>
    {{/hasRefit}}
    </main>
    <footer>{{footer}}</footer>
    </body>
    </html>

    """
}

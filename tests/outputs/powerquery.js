// Parses every M text on stdin (a JSON list) with Microsoft's own parser and prints those it cannot parse, with why.
const { Parser, ResultUtils, DefaultSettings, TaskUtils } = require(process.argv[2] + "/@microsoft/powerquery-parser");
const PQP = require(process.argv[2] + "/@microsoft/powerquery-parser");

(async () => {
    const texts = JSON.parse(require("fs").readFileSync(0, "utf-8"));
    const refused = [];
    for (const text of texts) {
        const task = await PQP.TaskUtils.tryLexParse(PQP.DefaultSettings, text);
        if (!PQP.TaskUtils.isParseStageOk(task)) {
            refused.push([text.slice(0, 200), String(task.error && task.error.message)]);
        }
    }
    console.log(JSON.stringify(refused));
})();

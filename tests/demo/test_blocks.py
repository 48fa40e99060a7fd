"""Every block, drawn in a browser: nothing missing, nothing clipped, readable in both themes, and no words that become more than words."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.rules import judge_message, judge_view
from tests.demo.conftest import Demo, Window
from tests.demo.gallery import EVERY, MODAL

in_browser = pytest.mark.asyncio(loop_scope="session")

CLIPPED = """() => {
  const found = [];
  for (const each of document.querySelectorAll('.message *, .top *, .side *, .place-head *, .composer *')) {
    const style = getComputedStyle(each);
    const scrolls = ['auto', 'scroll'].includes(style.overflowX) || style.textOverflow === 'ellipsis' || each.closest('.hidden, .scroller, .carousel, svg');
    if (!scrolls && each.clientWidth && each.scrollWidth > each.clientWidth + 1 && style.overflowX !== 'visible') found.push(each.className);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
  return found;
}"""

CONTRASTS = """() => {
  const parse = (colour) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, under) => top.slice(0, 3).map((each, index) => each * top[3] / 255 + under[index] * (1 - top[3] / 255)).concat(255);
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parse(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((under, top) => (top[3] ? over(top, under) : under), [255, 255, 255, 255]);
  };
  const light = ([r, g, b]) => [r, g, b].map((each) => { const c = each / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }).reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || element.closest('.hidden, [disabled], [aria-busy], svg, script, .skip')) continue;
    const under = ground(element);
    const [high, low] = [light(over(parse(getComputedStyle(element).color), under)), light(under)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${walker.currentNode.data.slice(0, 30)}`);
  }
  return [...new Set(found)];
}"""


def test_the_gallery_holds_what_slack_takes() -> None:
    assert {name: judge_message("text", blocks) for name, blocks in EVERY.items()} == {name: [] for name in EVERY}
    assert judge_view(MODAL) == []


@in_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_blocks_are_drawn_whole_and_readable(demo: Demo, window: Window, pictures: Path, theme: Any) -> None:
    await window.page.emulate_media(color_scheme=theme)
    await window.open(demo.url)
    for name, blocks in EVERY.items():
        demo.show(name)
        drawn = window.page.locator(f"[data-ts='{[*demo.slack.workspace.messages.values()][-1].ts}']")
        await drawn.wait_for()
        await drawn.screenshot(path=pictures / f"{name.replace(' ', '-')}-{theme}.png")
        assert await drawn.locator(".block").count() >= len(blocks), name
    await window.page.mouse.move(0, 0)
    await window.page.screenshot(path=pictures / f"page-{theme}.png")
    assert await window.page.locator(".unknown").count() == 0
    assert await window.page.evaluate(CLIPPED) == []
    assert await window.page.evaluate(CONTRASTS) == []


@in_browser
async def test_words_that_look_like_code_stay_words(demo: Demo, opened: Window) -> None:
    """Text of a message never becomes markup, and no link leads into the page."""
    demo.show("harm")
    demo.post('<script>window.broken=1</script> <https://example.com/"onclick="window.broken=1|x>')
    await opened.messages.nth(1).wait_for()
    page = opened.page
    assert await page.evaluate("window.broken") is None
    assert (
        await page.locator(
            ".message script, .message img, .message iframe, .message [onerror], .message [onclick]"
        ).count()
        == 0
    )
    links = await page.locator(".message a").evaluate_all(
        "all => all.map((each) => [each.protocol, each.target, each.rel])"
    )
    assert links
    assert {tuple(each) for each in links} == {("https:", "_blank", "noopener noreferrer")}


MRKDWN = [
    ("*b* _i_ ~s~ `c`", "<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>"),
    ("*_both_*", "<strong><em>both</em></strong>"),
    ("a_b_c 2*3*4", "a_b_c 2*3*4"),
    ("`*not bold*`", "<code>*not bold*</code>"),
    ("*a* and *b*", "<strong>a</strong> and <strong>b</strong>"),
    ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
    ("<!channel>", '<span class="mention broadcast">@channel</span>'),
    ("*<https://e.test|x>*", '<strong><a href="https://e.test" target="_blank" rel="noopener noreferrer">x</a></strong>'),
    ("<javascript:x|y>", "&lt;javascript:x|y&gt;"),
    (":tada: :no_such_name:", "🎉 :no_such_name:"),
    (":wave::skin-tone-4:", "👋🏽"),
    ("&gt; q\nrest", "<blockquote>q</blockquote>rest"),
    ("one\ntwo", "one<br>two"),
    ("```\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
    ("<!date^0^{date_num} {time_secs}|then>", '<time title="Thursday, January 1st, 1970 at 1:00:00 AM (Europe/Berlin)">1970-01-01 1:00:00 AM</time>'),
    ("<!date^0^{no_token}|then>", "then"),
    ("<!date^0^{date}^https://e.test|then>", '<a href="https://e.test" target="_blank" rel="noopener noreferrer"><time title="Thursday, January 1st, 1970 at 1:00:00 AM (Europe/Berlin)">January 1st, 1970</time></a>'),
]  # fmt: skip


@in_browser
async def test_mrkdwn_reads_as_in_slack(opened: Window) -> None:
    drawn = await opened.page.evaluate(
        """async (all) => {
          const { mrkdwn } = await import('./static/mrkdwn.js');
          return all.map((words) => { const holder = document.createElement('div'); holder.append(...mrkdwn(words)); return holder.innerHTML; });
        }""",
        [words for words, _ in MRKDWN],
    )
    assert [*zip((words for words, _ in MRKDWN), drawn, strict=True)] == MRKDWN

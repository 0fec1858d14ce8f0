// The filter being typed: what may stand at the cursor, what is wrong and where. All that is shown is text, never markup.
// Places are measured on a mirror of the text: a Chinese character is not two Latin ones in every font.
const points = (text, units) => [...text.slice(0, units)].length; // the server counts characters, a browser UTF-16 units
const units = (text, at) => [...text].slice(0, at).join("").length;

export default {
  props: { value: String, wrong: Object, words: Object },
  template: `
    <div class="filterbar">
      <label for="filter-q">{{ words.label }}</label>
      <div class="typed" ref="typed">
        <div class="mirror" aria-hidden="true" ref="mirror"><span>{{ parts[0] }}</span><mark ref="mark" data-test="marked">{{ parts[1] }}</mark><span>{{ parts[2] }}</span>\u200b</div>
        <textarea id="filter-q" name="q" rows="1" spellcheck="false" autocomplete="off" autocapitalize="off" data-filter="1" data-test="filter"
          ref="area" role="combobox" aria-autocomplete="list" aria-controls="filter-options" :aria-expanded="String(open)"
          :aria-activedescendant="open && chosen >= 0 ? 'filter-option-' + chosen : null" :aria-invalid="String(!!shown)"
          :placeholder="words.example" :value="text" @input="typed" @keydown="key" @blur="close" @compositionend="typed"></textarea>
        <ul v-show="open" id="filter-options" role="listbox" class="options" data-test="options" ref="options" :aria-label="words.options" :style="{ left: left + 'px' }">
          <li v-for="(option, i) in options" :key="option.text" :id="'filter-option-' + i" role="option" :aria-selected="String(i === chosen)"
            :class="{ on: i === chosen }" @mousedown.prevent="take(i)"><span class="mono">{{ option.text }}</span><span class="caption">{{ option.note }}</span></li>
        </ul>
      </div>
      <div v-if="shown" class="said" role="alert" data-test="wrong">
        <i class="arrow" aria-hidden="true" :style="{ left: arrow + 'px' }"></i>
        <span>{{ shown.place }} {{ shown.hint }}</span>
        <span v-if="shown.instead.length" class="quiet">{{ words.instead }}</span>
        <button v-for="text in shown.instead" :key="text" type="button" class="button mono" data-test="instead" @click="replace(text)">{{ text }}</button>
      </div>
    </div>`,
  data() {
    return { text: this.value || "", shown: this.wrong || null, options: [], start: 0, chosen: -1, open: false, left: 0, arrow: 0, asked: null, timer: 0 };
  },
  computed: {
    parts() {
      if (!this.shown) return [this.text, "", ""];
      const begin = units(this.text, this.shown.column - 1), end = units(this.text, this.shown.column - 1 + this.shown.length);
      return [this.text.slice(0, begin), this.text.slice(begin, end) || "\u00a0", this.text.slice(end)];
    },
  },
  watch: { shown() { this.$nextTick(this.point); } },
  mounted() {
    this.point();
    window.addEventListener("pagehide", this.leave);
  },
  unmounted() { window.removeEventListener("pagehide", this.leave); },
  methods: {
    leave() { this.$emit("leave"); },
    point() {
      if (this.shown && this.$refs.mark) this.arrow = this.$refs.mark.getBoundingClientRect().left - this.$refs.typed.getBoundingClientRect().left;
    },
    typed(e) {
      this.text = e.target.value;
      this.shown = null;
      clearTimeout(this.timer);
      if (!e.isComposing) this.timer = setTimeout(this.ask, 120);
    },
    async ask() {
      if (this.asked) this.asked.abort();
      const asked = (this.asked = new AbortController());
      const text = this.text, cursor = points(text, this.$refs.area.selectionStart);
      try {
        const answer = await fetch("/api/flows/complete?" + new URLSearchParams({ q: text, cursor }), { signal: asked.signal });
        if (answer.ok && text === this.text) this.tell(await answer.json(), text, cursor);
      } catch (error) { if (error.name !== "AbortError") this.close(); } // without the server one types on without help
    },
    tell(found, text, cursor) {
      if (text !== this.text) return;
      const wrong = found.wrong, begin = wrong ? wrong.column - 1 : 0;
      this.shown = wrong && !(begin <= cursor && cursor <= begin + wrong.length) ? wrong : null; // a word is not wrong while it is typed
      this.options = found.options;
      this.start = units(text, found.start);
      this.chosen = -1;
      this.open = found.options.length > 0 && document.activeElement === this.$refs.area;
      this.$nextTick(this.place);
    },
    place() {
      const box = this.$refs.typed.getBoundingClientRect(), walk = document.createTreeWalker(this.$refs.mirror, NodeFilter.SHOW_TEXT);
      let left = this.start, node = walk.nextNode();
      while (node && left > node.length) { left -= node.length; node = walk.nextNode(); }
      if (!node) return;
      const range = document.createRange();
      range.setStart(node, left); range.setEnd(node, Math.min(node.length, left + 1));
      const width = this.$refs.options.offsetWidth;
      this.left = Math.max(0, Math.min(range.getBoundingClientRect().left - box.left, box.width - width));
    },
    close() { clearTimeout(this.timer); this.open = false; this.chosen = -1; },
    key(e) {
      if (e.isComposing || e.keyCode === 229) return; // an input method has the keys
      const many = this.options.length;
      if (this.open && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
        this.chosen = (this.chosen + (e.key === "ArrowDown" ? 1 : this.chosen < 0 ? 0 : many - 1) + many) % many;
        this.$nextTick(() => this.$refs.options.children[this.chosen]?.scrollIntoView({ block: "nearest" }));
      } else if (this.open && (e.key === "Tab" || (e.key === "Enter" && this.chosen >= 0))) this.take(Math.max(0, this.chosen));
      else if (this.open && e.key === "Escape") this.close();
      else if (e.key === "ArrowDown" || (e.key === " " && e.ctrlKey)) this.ask();
      else if (e.key === "Enter" && !e.shiftKey) this.$refs.area.form.requestSubmit();
      else return;
      e.preventDefault(); e.stopPropagation();
    },
    take(i) { this.put(this.start, this.$refs.area.selectionStart, this.options[i].text + " "); },
    replace(text) {
      const column = this.shown.column - 1;
      this.put(units(this.text, column), units(this.text, column + this.shown.length), text);
    },
    put(begin, end, text) {
      this.text = this.text.slice(0, begin) + text + this.text.slice(end);
      this.shown = null;
      this.close();
      this.$nextTick(() => {
        this.$refs.area.focus();
        this.$refs.area.setSelectionRange(begin + text.length, begin + text.length);
        this.ask();
      });
    },
  },
};

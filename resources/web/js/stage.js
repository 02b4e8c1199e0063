// The picture with its controls and with the words of its state.

import { Player } from "./player.js";
import { button, changeIcon, el, icon } from "./dom.js";
import { MEDIA, SESSION, WHY } from "./words.js";

const IDLE_AFTER_MS = 2500;
const SLOW_AFTER_ATTEMPTS = 6;
const PASSING = ["unreachable", "media_away"]; // refusals that end by themselves: the last picture stands meanwhile
const VOLUME = "stoa.volume";

export class Stage {
  #root;
  #video;
  #player;
  #say;
  #veil = el("div", { class: "veil", hidden: true });
  #caption = el("p", { class: "caption", hidden: true });
  #unmute;
  #sound;
  #volume;
  #pip = null;
  #full = null;
  #idle = 0;
  #asksForPress = false; // the browser lets the picture begin only when somebody asks
  #show = null; // the session's StateChange
  #media = { state: "idle", attempts: 0, error: null };
  #cause = { error: null, why: "" }; // of the last attempt that failed, until the picture is there
  #serverAway = false;

  /** `root`: the empty section. `say(words)`: for the page's live region. */
  constructor(root, session, say) {
    this.#root = root;
    this.#say = say;
    // written into the markup as well: browsers decide about autoplay by the attributes
    this.#video = el("video", { autoplay: true, muted: true, playsinline: true, "aria-label": "Live picture" });
    this.#video.muted = true;
    this.#unmute = button({ words: "Unmute", picture: "volume-off", kind: "unmute", hidden: true, press: () => this.#setMuted(false) });
    this.#sound = button({ picture: "volume-off", label: "Unmute", press: () => this.#setMuted(!this.#video.muted) });
    this.#volume = el("input", { class: "volume", type: "range", min: 0, max: 100, step: 5, "aria-label": "Volume", on: { input: () => this.#setVolume(Number(this.#volume.value)) } });
    root.append(this.#video, this.#veil, this.#caption, this.#unmute, this.#controls());
    this.#setVolume(Number(localStorage.getItem(VOLUME) ?? 100), false);
    this.#listen();
    this.#player = new Player(this.#video, session, {
      state: (state, attempts, error, why) => this.#mediaChanged(state, attempts, error, why),
      blocked: () => this.#blocked(),
    });
  }

  get video() {
    return this.#video;
  }

  /** The session's state, as `session.state`, `welcome` and SessionStatus tell it. */
  showState(change) {
    this.#show = change;
    this.#player.want(change.state === "live", change.muted_audio || change.muted_video || change.over_audio || change.over_video);
    this.#render();
  }

  hurry() {
    this.#player.hurry();
  }

  /** Whether the line to the server is away, which may be why the picture does not come. */
  serverAway(away) {
    this.#serverAway = away;
    this.#render();
  }

  /** The end for this person: no picture, no attempts. */
  close() {
    this.#player.want(false);
    this.#video.srcObject = null;
    if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => {});
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  }

  #controls() {
    const bar = el("div", { class: "controls", role: "group", "aria-label": "Sound and size" }, this.#sound, this.#volume, el("span", { class: "rest" }));
    if (document.pictureInPictureEnabled) {
      this.#pip = button({ picture: "pip", label: "Picture in picture", press: () => this.#togglePip() });
      bar.append(this.#pip);
    }
    if (document.fullscreenEnabled || this.#video.webkitEnterFullscreen) {
      this.#full = button({ picture: "fullscreen", label: "Full screen", press: () => this.#toggleFull() });
      bar.append(this.#full);
    }
    return bar;
  }

  #listen() {
    this.#video.addEventListener("volumechange", () => this.#soundChanged());
    this.#video.addEventListener("playing", () => {
      this.#asksForPress = false;
      this.#render();
    });
    this.#video.addEventListener("enterpictureinpicture", () => this.#label(this.#pip, "Leave picture in picture", "pip"));
    this.#video.addEventListener("leavepictureinpicture", () => this.#label(this.#pip, "Picture in picture", "pip"));
    for (const event of ["online", "offline"]) window.addEventListener(event, () => this.#render());
    document.addEventListener("fullscreenchange", () => {
      const full = document.fullscreenElement === this.#root;
      if (this.#full) this.#label(this.#full, full ? "Leave full screen" : "Full screen", full ? "fullscreen-exit" : "fullscreen");
    });
    const busy = () => {
      delete this.#root.dataset.idle;
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => (this.#root.dataset.idle = ""), IDLE_AFTER_MS);
    };
    for (const event of ["pointermove", "pointerdown", "keydown"]) this.#root.addEventListener(event, busy);
    this.#root.addEventListener("dblclick", (event) => event.target === this.#video && this.#toggleFull());
    // single letters work only while the focus is on the picture, so that they never fight with a screen reader
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    this.#soundChanged();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.#volume) return;
    if (event.key === "m") this.#setMuted(!this.#video.muted);
    else if (event.key === "f") this.#toggleFull();
    else if (event.key === "p" && this.#pip) this.#togglePip();
    else if (event.key === "ArrowUp") this.#setVolume(Math.round(this.#video.volume * 100) + 5);
    else if (event.key === "ArrowDown") this.#setVolume(Math.round(this.#video.volume * 100) - 5);
    else return;
    event.preventDefault();
  }

  #setMuted(muted) {
    if (!muted && this.#video.volume === 0) this.#setVolume(50);
    this.#video.muted = muted;
    this.#video.play().catch(() => {});
    if (!muted && document.activeElement === this.#unmute) this.#sound.focus();
  }

  #setVolume(percent, unmutes = true) {
    const volume = Math.min(100, Math.max(0, Number.isFinite(percent) ? percent : 100));
    this.#video.volume = volume / 100;
    if (unmutes) {
      this.#video.muted = volume === 0;
      localStorage.setItem(VOLUME, String(volume));
    }
  }

  #soundChanged() {
    const off = this.#video.muted || this.#video.volume === 0;
    const percent = Math.round(this.#video.volume * 100);
    this.#label(this.#sound, off ? "Unmute" : "Mute", off ? "volume-off" : "volume");
    this.#volume.value = off ? 0 : percent;
    this.#volume.setAttribute("aria-valuetext", off ? "muted" : `${percent} percent`);
    this.#render();
  }

  #label(control, words, picture) {
    control.setAttribute("aria-label", words);
    control.title = words;
    changeIcon(control.querySelector("svg"), picture);
  }

  async #togglePip() {
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await this.#video.requestPictureInPicture();
    } catch {
      this.#say("Picture in picture is not possible before the picture is there.");
    }
  }

  #toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    else if (this.#root.requestFullscreen) this.#root.requestFullscreen().catch(() => this.#say("This browser does not allow full screen here."));
    else this.#video.webkitEnterFullscreen?.();
  }

  #blocked() {
    this.#asksForPress = true;
    this.#render();
  }

  #play() {
    return button({ words: "Play", picture: "play", press: () => this.#video.play().catch(() => {}) });
  }

  #mediaChanged(state, attempts, error, why) {
    if (state === "playing" || state === "idle") this.#cause = { error: null, why: "" };
    else if (error || why) this.#cause = { error, why };
    if (state === "reconnecting" && this.#media.state === "playing") this.#say(["The picture was lost.", this.#reason(), "Reconnecting."].filter(Boolean).join(" "));
    if (state === "playing" && this.#media.state === "reconnecting") this.#say("The picture is back.");
    this.#media = { state, attempts, error };
    this.#root.dataset.media = state;
    this.#render();
  }

  #render() {
    if (!this.#player) return;
    const show = this.#show;
    const { state, attempts, error } = this.#media;
    const live = show?.state === "live";
    const playing = live && state === "playing";
    this.#unmute.hidden = !(playing && this.#video.muted) || this.#asksForPress || Boolean(show.muted_audio || show.over_audio);
    this.#sound.parentElement.hidden = !live;
    if (!show) this.#veil.hidden = true;
    else if (!live) this.#veilWith(this.#notLive(show));
    else if (playing && this.#asksForPress) this.#veilWith(MEDIA.blocked, this.#play());
    else if (playing && show.muted_video) this.#veilWith(show.muted_audio ? MEDIA.bothMuted : MEDIA.pictureMuted);
    else if (playing && show.over_video) this.#veilWith(show.over_audio || show.muted_audio ? MEDIA.bothOver : MEDIA.pictureOver);
    else if (playing) this.#veil.hidden = true;
    else if (attempts >= SLOW_AFTER_ATTEMPTS || (error && !(state === "reconnecting" && PASSING.includes(error.code)))) this.#veilWith(this.#trouble(error), this.#tryNow());
    else if (state === "reconnecting") this.#veil.hidden = true;
    else this.#veilWith({ ...MEDIA.connecting, words: this.#reason() });
    const caption = this.#captionWords(playing, state === "reconnecting" && this.#veil.hidden);
    this.#caption.hidden = !caption;
    if (caption) this.#caption.replaceChildren(icon(caption.picture, caption.turning ? "turning" : ""), el("span", { text: caption.words }));
  }

  /** What the server says about the state is the headline, unless it says no more than ours. */
  #notLive({ state, why, words }) {
    const own = SESSION[state];
    if (state === "ended") return { ...own, words: ["off_air", "ended"].includes(why) || !words ? own.words : `${words} ${own.words}` };
    const [title, ...rest] = words.split(/(?<=\.) /);
    if (why === "lost") return { picture: "refresh", title: title.replace(/\.$/, ""), words: rest.join(" ") };
    return { ...own, title: title.replace(/\.$/, "") || own.title, words: [...rest, own.words].join(" ") };
  }

  /** Why the picture is not there, as far as this page knows: the server's own words where it gave any. */
  #reason() {
    const { error, why } = this.#cause;
    if (!navigator.onLine) return WHY.offline;
    if (error && error.code !== "unreachable") return error.message;
    return error || this.#serverAway ? WHY.away : WHY[why] ?? "";
  }

  #trouble(error) {
    if (!error || error.code === "unreachable") return { ...MEDIA.slow, words: [this.#reason(), MEDIA.slow.words].filter(Boolean).join(" ") };
    return { picture: "alert", title: error.message, words: error.remedy || "The page keeps trying." };
  }

  #tryNow() {
    return button({ words: "Try now", picture: "refresh", press: () => this.#player.hurry() });
  }

  #captionWords(playing, lost) {
    if (lost) return { ...MEDIA.reconnecting, words: [MEDIA.reconnecting.title, this.#reason(), MEDIA.reconnecting.words].filter(Boolean).join(" ") };
    if (playing && this.#show.muted_audio && !this.#show.muted_video) return { picture: "mic-off", words: "An admin has switched the sound off." };
    if (playing && this.#show.over_audio && !this.#show.muted_video && !this.#show.over_video) return { picture: "mic-off", words: "The host's time to speak has run out." };
    return null;
  }

  #veilWith({ picture, title, words }, action = null) {
    const key = `${picture}|${title}|${words}|${action ? 1 : 0}`;
    this.#veil.hidden = false;
    if (this.#veil.dataset.key === key) return; // a press on the button in it must not be lost to a repaint
    this.#veil.dataset.key = key;
    this.#veil.replaceChildren(icon(picture, picture === "refresh" ? "turning" : ""), el("h2", { text: title }), words ? el("p", { text: words, dir: "auto" }) : "", action ?? "");
  }
}

export { saveSilence, silenceKeys, silencesQuery, type Silence, type SilenceDraft } from "./queries";
export { SilenceDrawer } from "./SilenceDrawer";
export { nextClock } from "./spans";
export { readUntil, UntilField, type Until } from "./UntilField";

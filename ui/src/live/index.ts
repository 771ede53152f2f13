export { LiveProvider, useLive, type LiveState } from "./LiveProvider";
export type { LiveEvent, LiveReducer } from "./events";

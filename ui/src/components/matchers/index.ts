export { readMatcherFault } from "./faults";
export { LabelFilter } from "./LabelFilter";
export { MatcherBar, type MatcherFault } from "./MatcherBar";
export {
  commonMatchers,
  formatMatcher,
  isMatcher,
  joinMatchers,
  matchersOf,
  rankLabel,
  splitMatchers,
  tidyMatcher,
} from "./matchers";

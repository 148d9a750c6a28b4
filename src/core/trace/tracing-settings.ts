export interface TracingSettings {
  /** True if the text of messages may be traced. */
  showsText: boolean;
  /** Every `OTEL_…` variable. */
  environment: Readonly<Record<string, string>>;
}

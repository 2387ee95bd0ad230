/* An innocent library that is no plugin. */
__attribute__((visibility("default"))) int tenon_test_innocent(void);

int tenon_test_innocent(void) {
    return 42;
}

package writes_test

const replicaEnv = "ROSTER_TEST_WRITER"

func replica() int { return 1 }
